-- The ledger can be read while others write: its rows have an order in which they can be seen.
ALTER TABLE attempts
    ADD COLUMN txid xid8 NOT NULL DEFAULT '0';  -- the transaction that wrote it; 0: by version 0.1.0
-- A constant at first, so that no row is written anew.
ALTER TABLE attempts ALTER COLUMN txid SET DEFAULT pg_current_xact_id();
CREATE INDEX attempts_order ON attempts (txid, started_at, id);

-- A worker has written all that came before this number; readers of the ledger draw the numbers.
ALTER TABLE workers ADD COLUMN flushed bigint NOT NULL DEFAULT 0;
CREATE SEQUENCE flushes;
