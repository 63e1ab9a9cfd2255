-- The file of a process of version 2 that was killed among events: accepted and not routed, routed and not queued,
-- retrying, dead, retried, replayed. Only what expires was moved, to a day far in the future.
PRAGMA user_version = 2;
CREATE TABLE claims (
    hook TEXT NOT NULL,
    delivery TEXT NOT NULL,
    event TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hook, delivery)
) STRICT, WITHOUT ROWID;
INSERT INTO "claims" VALUES('hk_dg4d45bqe8uvxe9nc4zbms','75bdcf5930feb0e0a8b84bcb7060296b47897643a82359ab4d8b16da77feb945','01a22bd9-f6d8-7b3d-bdc4-795263d5cccf',4000000000000);
INSERT INTO "claims" VALUES('hk_rxyavymfb2tti2st8xzcsr','e1fb6914f0a8c17b307228116131de9cb95e60fd2c41bcee13086dafc7d7e6e3','01a22bd9-f6de-7c4f-b939-849e444b34b0',4000000000000);
INSERT INTO "claims" VALUES('hk_vt9nd2z76e9e7qx9t6dvst','5b175a67aa69e99315bdd0432e9bcf85e59b1ee7692c8a039b75b0bc30d08e2f','01a22bda-1643-7a81-9613-972046f796ab',4000000000000);
INSERT INTO "claims" VALUES('hk_vt9nd2z76e9e7qx9t6dvst','835965049d9c41cd30d0bbe48000d44972b6793532b7d859a28bea6c1a69aef8','01a22bd9-f6e3-723e-93b1-251b336051f1',4000000000000);
INSERT INTO "claims" VALUES('hk_vt9nd2z76e9e7qx9t6dvst','a0832e78b376a40a9abe687ab7130696bce4873dd8bd6db4d00a2cd55b790221','01a22bd9-f6e1-7b4b-929e-5769c04ad640',4000000000000);
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    head TEXT NOT NULL,
    body BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO "events" VALUES('01a22bd9-f6d8-7b3d-bdc4-795263d5cccf','{"id":"01a22bd9-f6d8-7b3d-bdc4-795263d5cccf","path":"well","sender":"shared-secret","received_at":1796032034520,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","21"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":21}',X'AB56CA4D2D2E4E4C4F55B252502A4FCDC9513054AA0500',4000000000000);
INSERT INTO "events" VALUES('01a22bd9-f6de-7c4f-b939-849e444b34b0','{"id":"01a22bd9-f6de-7c4f-b939-849e444b34b0","path":"blocked","sender":"shared-secret","received_at":1796032034526,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","24"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_rxyavymfb2tti2st8xzcsr","secret":0}],"body_bytes":24}',X'AB56CA4D2D2E4E4C4F55B252504ACAC94FCE4E4D513054AA0500',4000000000000);
INSERT INTO "events" VALUES('01a22bd9-f6e1-7b4b-929e-5769c04ad640','{"id":"01a22bd9-f6e1-7b4b-929e-5769c04ad640","path":"down","sender":"shared-secret","received_at":1796032034529,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","21"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":21}',X'AB56CA4D2D2E4E4C4F55B252504AC92FCF533054AA0500',4000000000000);
INSERT INTO "events" VALUES('01a22bd9-f6e3-723e-93b1-251b336051f1','{"id":"01a22bd9-f6e3-723e-93b1-251b336051f1","path":"down","sender":"shared-secret","received_at":1796032034531,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","21"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":21}',X'AB56CA4D2D2E4E4C4F55B252504AC92FCF533052AA0500',4000000000000);
INSERT INTO "events" VALUES('01a22bda-1643-7a81-9613-972046f796ab','{"id":"01a22bda-1643-7a81-9613-972046f796ab","path":"down","sender":"shared-secret","received_at":1796032042563,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}',X'AB56CA4D2D2E4E4C4F55B252504AC92FCF53303450AA0500',4000000000000);
CREATE TABLE hooks (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;
INSERT INTO "hooks" VALUES('hk_dg4d45bqe8uvxe9nc4zbms','{"id":"hk_dg4d45bqe8uvxe9nc4zbms","name":"well","path":"well","sender":"shared-secret","secrets":["env:SECRET"],"priority":0,"cooldown_seconds":0,"rate_per_minute":100,"max_body_bytes":4194304,"actions":[{"kind":"telegram","chat":"1"}],"status":"active","origin":"file","created_at":1796032034361,"updated_at":1796032034361,"version":1}');
INSERT INTO "hooks" VALUES('hk_rxyavymfb2tti2st8xzcsr','{"id":"hk_rxyavymfb2tti2st8xzcsr","name":"blocked","path":"blocked","sender":"shared-secret","secrets":["env:SECRET"],"priority":0,"cooldown_seconds":0,"rate_per_minute":100,"max_body_bytes":4194304,"actions":[{"kind":"telegram","chat":"2"}],"status":"active","origin":"file","created_at":1796032034361,"updated_at":1796032034361,"version":1}');
INSERT INTO "hooks" VALUES('hk_vt9nd2z76e9e7qx9t6dvst','{"id":"hk_vt9nd2z76e9e7qx9t6dvst","name":"down","path":"down","sender":"shared-secret","secrets":["env:SECRET"],"priority":0,"cooldown_seconds":0,"rate_per_minute":100,"max_body_bytes":4194304,"actions":[{"kind":"telegram","chat":"3"}],"status":"active","origin":"file","created_at":1796032034361,"updated_at":1796032034361,"version":1}');
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY,
    message BLOB NOT NULL
) STRICT;
INSERT INTO "inbox" VALUES(1,CAST('1{"form":"raw","id":"01a22bda-1643-7a81-9613-972046f796ab","path":"down","sender":"shared-secret","received_at":1796032042563,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 10"}' AS BLOB));
INSERT INTO "inbox" VALUES(2,CAST('1{"form":"raw","id":"01a22bda-1646-7187-8f20-e4ba654c6d22","path":"well","sender":"shared-secret","received_at":1796032042566,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 13"}' AS BLOB));
INSERT INTO "inbox" VALUES(3,CAST('1{"form":"raw","id":"01a22bda-1647-7307-b304-b06ca404c48c","path":"down","sender":"shared-secret","received_at":1796032042567,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 12"}' AS BLOB));
INSERT INTO "inbox" VALUES(4,CAST('1{"form":"raw","id":"01a22bda-1647-7a10-8111-5ed4552fccef","path":"down","sender":"shared-secret","received_at":1796032042567,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 14"}' AS BLOB));
INSERT INTO "inbox" VALUES(5,CAST('1{"form":"raw","id":"01a22bda-164e-7118-b3cc-3ac2e35578ba","path":"well","sender":"shared-secret","received_at":1796032042574,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 11"}' AS BLOB));
INSERT INTO "inbox" VALUES(6,CAST('1{"form":"raw","id":"01a22bda-1650-773c-89c6-221542f6c31d","path":"well","sender":"shared-secret","received_at":1796032042576,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 15"}' AS BLOB));
INSERT INTO "inbox" VALUES(7,CAST('1{"form":"raw","id":"01a22bda-1651-7abb-adb1-9c684a31183a","path":"down","sender":"shared-secret","received_at":1796032042577,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 16"}' AS BLOB));
INSERT INTO "inbox" VALUES(8,CAST('1{"form":"raw","id":"01a22bda-1651-7c14-a9cc-475415620df4","path":"down","sender":"shared-secret","received_at":1796032042577,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 18"}' AS BLOB));
INSERT INTO "inbox" VALUES(9,CAST('1{"form":"raw","id":"01a22bda-1651-7ee2-932d-8bccbfefcbea","path":"well","sender":"shared-secret","received_at":1796032042577,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 17"}' AS BLOB));
INSERT INTO "inbox" VALUES(10,CAST('1{"form":"raw","id":"01a22bda-1653-73b1-9584-9591c8cda649","path":"well","sender":"shared-secret","received_at":1796032042579,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 19"}' AS BLOB));
INSERT INTO "inbox" VALUES(11,CAST('1{"form":"raw","id":"01a22bda-1653-7d5b-98dc-9175ece43000","path":"down","sender":"shared-secret","received_at":1796032042579,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 20"}' AS BLOB));
INSERT INTO "inbox" VALUES(12,CAST('1{"form":"raw","id":"01a22bda-1653-7606-bc09-027d713d41f0","path":"well","sender":"shared-secret","received_at":1796032042579,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 21"}' AS BLOB));
INSERT INTO "inbox" VALUES(13,CAST('1{"form":"raw","id":"01a22bda-1654-7b29-be20-7c4ace6ebabc","path":"down","sender":"shared-secret","received_at":1796032042580,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 22"}' AS BLOB));
INSERT INTO "inbox" VALUES(14,CAST('1{"form":"raw","id":"01a22bda-1654-75dc-ad4e-c73830f36745","path":"down","sender":"shared-secret","received_at":1796032042580,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_vt9nd2z76e9e7qx9t6dvst","secret":0}],"body_bytes":22}
{"message": "down 24"}' AS BLOB));
INSERT INTO "inbox" VALUES(15,CAST('1{"form":"raw","id":"01a22bda-1654-7208-8bbf-53cf36f92b16","path":"well","sender":"shared-secret","received_at":1796032042580,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 25"}' AS BLOB));
INSERT INTO "inbox" VALUES(16,CAST('1{"form":"raw","id":"01a22bda-1654-79dc-82e4-4bbf1f55b869","path":"well","sender":"shared-secret","received_at":1796032042580,"source_ip":"127.0.0.1","headers":[["accept-encoding","identity"],["content-length","22"],["host","127.0.0.1:18098"],["user-agent","Python-urllib/3.11"],["content-type","application/json"],["x-webhook-secret","[redacted]"]],"hooks":[{"hook":"hk_dg4d45bqe8uvxe9nc4zbms","secret":0}],"body_bytes":22}
{"message": "well 23"}' AS BLOB));
CREATE TABLE notes (
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (topic, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "notes" VALUES('destination','telegram:1','{"pace":{"scope":"chat","sent":[1796032038561],"blocked_until":0},"breaker":{"counts":[[1796032034534,1,0],[1796032038561,1,0]]}}',2,4000000000000);
INSERT INTO "notes" VALUES('destination','telegram:2','{"pace":{"scope":"chat","sent":[1796032038633],"blocked_until":0},"breaker":{"counts":[[1796032034581,0,1],[1796032038633,0,1]],"failing_since":1796032034581,"told":true}}',2,4000000000000);
INSERT INTO "notes" VALUES('destination','telegram:3','{"pace":{"scope":"chat","sent":[1796032039479],"blocked_until":0},"breaker":{"counts":[[1796032034539,0,1],[1796032039479,0,1]],"failing_since":1796032034539}}',2,4000000000000);
INSERT INTO "notes" VALUES('replay','rp_8szjxgq8u55tfh3mdgihns','{"id":"rp_8szjxgq8u55tfh3mdgihns","selection":{"events":["01a22bd9-f6d8-7b3d-bdc4-795263d5cccf"]},"created_at":1796032038538,"seen":1,"replayed":1,"tasks":1,"finished_at":1796032038550}',2,4000000000000);
INSERT INTO "notes" VALUES('retry','01a22bd9-f6de-7c4f-b939-849e444b34b0.hk_rxyavymfb2tti2st8xzcsr.0#0','1796032038566',1,4000000000000);
CREATE TABLE poison (
    seq INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE refused (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE settings (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    doc TEXT NOT NULL
) STRICT;
INSERT INTO "settings" VALUES(1,'{"public_url":null,"retention_days":90,"rate_per_minute":1000,"telegram_token":"env:TELEGRAM_BOT_TOKEN","telegram_api_base":"http://127.0.0.1:18099","operator_chat":null}');
CREATE TABLE tallies (
    hook TEXT PRIMARY KEY,
    events INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "tallies" VALUES('hk_dg4d45bqe8uvxe9nc4zbms',1,1796032034520);
INSERT INTO "tallies" VALUES('hk_rxyavymfb2tti2st8xzcsr',1,1796032034526);
INSERT INTO "tallies" VALUES('hk_vt9nd2z76e9e7qx9t6dvst',2,1796032034531);
CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
INSERT INTO "tasks" VALUES('01a22bd9-f6d8-7b3d-bdc4-795263d5cccf.hk_dg4d45bqe8uvxe9nc4zbms.0','{"id":"01a22bd9-f6d8-7b3d-bdc4-795263d5cccf.hk_dg4d45bqe8uvxe9nc4zbms.0","event":"01a22bd9-f6d8-7b3d-bdc4-795263d5cccf","hook":"hk_dg4d45bqe8uvxe9nc4zbms","kind":"telegram","destination":"1","status":"succeeded","attempts":[{"started_at":1796032034532,"duration_ms":2,"outcome":"succeeded","response_status":200,"answer":"{\"ok\": true, \"result\": {\"message_id\": 7}}"}],"parts_done":1,"created_at":1796032034524,"due_at":1796032034534,"expires_at":4000000000000}',4000000000000);
INSERT INTO "tasks" VALUES('01a22bd9-f6de-7c4f-b939-849e444b34b0.hk_rxyavymfb2tti2st8xzcsr.0','{"id":"01a22bd9-f6de-7c4f-b939-849e444b34b0.hk_rxyavymfb2tti2st8xzcsr.0","event":"01a22bd9-f6de-7c4f-b939-849e444b34b0","hook":"hk_rxyavymfb2tti2st8xzcsr","kind":"telegram","destination":"2","status":"dead","reason":"the chat does not let the bot write: Forbidden: bot was blocked by the user","attempts":[{"started_at":1796032034537,"duration_ms":44,"outcome":"failed","detail":"the chat does not let the bot write: Forbidden: bot was blocked by the user","response_status":403,"answer":"{\"ok\": false, \"error_code\": 403, \"description\": \"Forbidden: bot was blocked by the user\"}"},{"started_at":1796032038590,"duration_ms":43,"outcome":"failed","detail":"the chat does not let the bot write: Forbidden: bot was blocked by the user","response_status":403,"answer":"{\"ok\": false, \"error_code\": 403, \"description\": \"Forbidden: bot was blocked by the user\"}"}],"failures_before":1,"parts_done":0,"created_at":1796032034534,"due_at":1796032038633,"expires_at":4000000000000,"retries":1}',4000000000000);
INSERT INTO "tasks" VALUES('01a22bd9-f6e1-7b4b-929e-5769c04ad640.hk_vt9nd2z76e9e7qx9t6dvst.0','{"id":"01a22bd9-f6e1-7b4b-929e-5769c04ad640.hk_vt9nd2z76e9e7qx9t6dvst.0","event":"01a22bd9-f6e1-7b4b-929e-5769c04ad640","hook":"hk_vt9nd2z76e9e7qx9t6dvst","kind":"telegram","destination":"3","status":"retrying","attempts":[{"started_at":1796032034537,"duration_ms":2,"outcome":"failed","detail":"Telegram cannot be used now (500): Internal Server Error","response_status":500,"answer":"{\"ok\": false, \"error_code\": 500, \"description\": \"Internal Server Error\"}"},{"started_at":1796032039478,"duration_ms":1,"outcome":"failed","detail":"Telegram cannot be used now (500): Internal Server Error","response_status":500,"answer":"{\"ok\": false, \"error_code\": 500, \"description\": \"Internal Server Error\"}"}],"parts_done":0,"created_at":1796032034534,"due_at":1796032070020,"expires_at":4000000000000}',4000000000000);
INSERT INTO "tasks" VALUES('01a22bd9-f6e3-723e-93b1-251b336051f1.hk_vt9nd2z76e9e7qx9t6dvst.0','{"id":"01a22bd9-f6e3-723e-93b1-251b336051f1.hk_vt9nd2z76e9e7qx9t6dvst.0","event":"01a22bd9-f6e3-723e-93b1-251b336051f1","hook":"hk_vt9nd2z76e9e7qx9t6dvst","kind":"telegram","destination":"3","status":"retrying","attempts":[{"started_at":1796032034537,"duration_ms":2,"outcome":"failed","detail":"Telegram cannot be used now (500): Internal Server Error","response_status":500,"answer":"{\"ok\": false, \"error_code\": 500, \"description\": \"Internal Server Error\"}"},{"started_at":1796032039478,"duration_ms":1,"outcome":"failed","detail":"Telegram cannot be used now (500): Internal Server Error","response_status":500,"answer":"{\"ok\": false, \"error_code\": 500, \"description\": \"Internal Server Error\"}"}],"parts_done":0,"created_at":1796032034534,"due_at":1796032070020,"expires_at":4000000000000}',4000000000000);
INSERT INTO "tasks" VALUES('01a22bd9-f6d8-7b3d-bdc4-795263d5cccf.hk_dg4d45bqe8uvxe9nc4zbms.0.rp_8szjxgq8u55tfh3mdgihns','{"id":"01a22bd9-f6d8-7b3d-bdc4-795263d5cccf.hk_dg4d45bqe8uvxe9nc4zbms.0.rp_8szjxgq8u55tfh3mdgihns","event":"01a22bd9-f6d8-7b3d-bdc4-795263d5cccf","hook":"hk_dg4d45bqe8uvxe9nc4zbms","kind":"telegram","destination":"1","status":"succeeded","attempts":[{"started_at":1796032038551,"duration_ms":10,"outcome":"succeeded","response_status":200,"answer":"{\"ok\": true, \"result\": {\"message_id\": 7}}"}],"parts_done":1,"created_at":1796032038540,"due_at":1796032038561,"expires_at":4000000000000,"replay":"rp_8szjxgq8u55tfh3mdgihns"}',4000000000000);
INSERT INTO "tasks" VALUES('01a22bda-1643-7a81-9613-972046f796ab.hk_vt9nd2z76e9e7qx9t6dvst.0','{"id":"01a22bda-1643-7a81-9613-972046f796ab.hk_vt9nd2z76e9e7qx9t6dvst.0","event":"01a22bda-1643-7a81-9613-972046f796ab","hook":"hk_vt9nd2z76e9e7qx9t6dvst","kind":"telegram","destination":"3","status":"queued","attempts":[],"parts_done":0,"created_at":1796032042575,"due_at":1796032042575,"expires_at":4000000000000}',4000000000000);
CREATE TABLE vault (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE work (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    grp TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL
) STRICT;
INSERT INTO "work" VALUES(3,'telegram','3','01a22bd9-f6e1-7b4b-929e-5769c04ad640.hk_vt9nd2z76e9e7qx9t6dvst.0#0','{"type":"TelegramV1","task":{"id":"01a22bd9-f6e1-7b4b-929e-5769c04ad640.hk_vt9nd2z76e9e7qx9t6dvst.0","event":"01a22bd9-f6e1-7b4b-929e-5769c04ad640","hook":"hk_vt9nd2z76e9e7qx9t6dvst","kind":"telegram","destination":"3","status":"queued","attempts":[],"parts_done":0,"created_at":1796032034534,"due_at":1796032034534,"expires_at":4000000000000},"parts":["down 1"],"trace":"00-01a22bd9f6e17b4b929e5769c04ad640-8b35ae29df06730c-01"}');
INSERT INTO "work" VALUES(4,'telegram','3','01a22bd9-f6e3-723e-93b1-251b336051f1.hk_vt9nd2z76e9e7qx9t6dvst.0#0','{"type":"TelegramV1","task":{"id":"01a22bd9-f6e3-723e-93b1-251b336051f1.hk_vt9nd2z76e9e7qx9t6dvst.0","event":"01a22bd9-f6e3-723e-93b1-251b336051f1","hook":"hk_vt9nd2z76e9e7qx9t6dvst","kind":"telegram","destination":"3","status":"queued","attempts":[],"parts_done":0,"created_at":1796032034534,"due_at":1796032034534,"expires_at":4000000000000},"parts":["down 2"],"trace":"00-01a22bd9f6e3723e93b1251b336051f1-825e2f71f74a0a1d-01"}');
CREATE INDEX events_by_expiry ON events (expires_at);
CREATE INDEX tasks_by_expiry ON tasks (expires_at);
CREATE INDEX refused_by_expiry ON refused (expires_at);
CREATE INDEX notes_by_expiry ON notes (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX work_by_group ON work (queue, grp, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('work',6);
