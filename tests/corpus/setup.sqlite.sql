CREATE TABLE ledger (n INTEGER PRIMARY KEY, note TEXT, data TEXT);
INSERT INTO ledger VALUES (1, 'one', '{"a": {"b": [1, 2]}}');
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, boss INTEGER REFERENCES people, born TEXT, salary REAL);
INSERT INTO people VALUES (1, 'Ada', NULL, '1815-12-10', 100.5), (2, 'Alan', 1, '1912-06-23', 90), (3, 'Grace', 1, '1906-12-09', 95);
CREATE TABLE "Odd Names; --" ("select" INTEGER, "a""b" TEXT, "Ünïcode" TEXT);
INSERT INTO "Odd Names; --" VALUES (1, 'x', 'y');
CREATE VIEW grown AS SELECT * FROM people WHERE born < '2000-01-01';
CREATE INDEX people_name ON people (name);
