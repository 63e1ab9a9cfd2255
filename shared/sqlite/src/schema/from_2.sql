-- Whether anybody wrote a task down since was not kept, so each counts as written down.
ALTER TABLE tasks ADD COLUMN written INTEGER NOT NULL DEFAULT 1;
