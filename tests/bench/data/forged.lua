-- Posts one request again and again, exactly as it stands in a file. What it is answered does not matter.
-- Arguments: the file.

local whole

function init(args)
  local file = assert(io.open(args[1], "rb"))
  whole = file:read("*a")
  file:close()
end

function request()
  return whole
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "refused": %d, "broken": %d, "bytes": %d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout, summary.bytes))
end
