-- Small shared documents and counts have other names.
INSERT INTO documents (collection, key, text, version, expires_at) SELECT topic, key, text, version, expires_at FROM notes;
DROP TABLE notes;
INSERT INTO counts (hook, events, last) SELECT hook, events, last FROM tallies;
DROP TABLE tallies;
