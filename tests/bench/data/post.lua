-- Posts one signed body again and again, each time with a delivery id of its own.
-- Arguments: the file of the body, its signature, a name that sets this run's ids apart; and for a paced load the hook's
-- path and the milliseconds between a connection's requests.

local before, after
local number = 0
local pause = 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local body = file:read("*a")
  file:close()
  pause = tonumber(args[5] or "0")
  before = "POST /webhook/" .. (args[4] or "github") .. " HTTP/1.1\r\n"
    .. "host: " .. wrk.host .. "\r\n"
    .. "user-agent: GitHub-Hookshot/bench\r\n"
    .. "content-type: application/json\r\n"
    .. "x-github-event: push\r\n"
    .. "x-hub-signature-256: " .. args[2] .. "\r\n"
    .. "content-length: " .. #body .. "\r\n"
    .. "x-github-delivery: " .. args[3] .. "-"
  after = "\r\n\r\n" .. body
end

function delay()
  return pause
end

function request()
  number = number + 1
  return before .. number .. after
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
