-- What stands on columns that tables of former versions get first.
CREATE INDEX IF NOT EXISTS tasks_by_standing ON tasks (standing, id) WHERE standing IS NOT NULL;
