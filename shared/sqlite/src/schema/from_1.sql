-- Tasks know themselves when they expire. No worker of version 1 holds one any more.
UPDATE tasks SET doc = json_set(doc, '$.expires_at', expires_at, '$.status', iif(status = 'running', 'queued', status));
DROP INDEX IF EXISTS tasks_running;
ALTER TABLE tasks DROP COLUMN status;
ALTER TABLE tasks DROP COLUMN due_at;

-- Work carries its task as it stands. Work that cannot be read stays as it is; the worker says so and drops it.
ALTER TABLE work RENAME COLUMN task TO key;
UPDATE work
SET message = json_object('type', 'TelegramV1', 'task', json(tasks.doc), 'parts', json_extract(message, '$.parts'))
FROM tasks
WHERE tasks.id = work.key AND CASE WHEN json_valid(message) THEN json_type(message, '$.task') = 'text' END;
UPDATE work SET key = key || '#0';

-- What is known of chats are documents now, without an end until they are next written.
INSERT INTO documents (collection, key, text, version) SELECT 'destination', 'telegram:' || key, entry, 1 FROM chats;
DROP TABLE chats;
