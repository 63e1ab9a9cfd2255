-- How a task stands that has not ended well; nobody asks for the others, of which there are many.
ALTER TABLE tasks ADD COLUMN standing TEXT;
UPDATE tasks SET standing = json_extract(doc, '$.status')
    WHERE doc <> '' AND json_extract(doc, '$.status') NOT IN ('succeeded', 'skipped');
