-- How the bookings of a part of the ledger went, added up: one row for each strategy of a scope,
-- figure and bucket. Filled in are the rows that are meant, and those that are not.
--
-- A booking overlapped if it was under way while another one of the same thing was being confirmed:
-- only then could it have gone wrong. Bookings of what is long taken prove nothing, however many.
-- Two running extremes find it in one pass each way; comparing all pairs on one hot seat would take
-- a time that grows with the square of the bookings.
WITH counted AS MATERIALIZED (
    SELECT workload, scope, subject, id, strategy, outcome, tries, waited_ms, held_ms, total_ms,
           started_at, started_at + total_ms * interval '1 ms' AS ended_at, true AS counts
    FROM attempts WHERE {range}
), around AS (
    SELECT workload, scope, min(started_at) - interval '{lookback} s' AS since,
           max(coalesce(ended_at, started_at)) AS until
    FROM counted GROUP BY workload, scope
), met AS (
    SELECT *,
        tries > 0 AND coalesce(
            max(ended_at) FILTER (WHERE outcome = 'confirmed') OVER earlier >= started_at
            OR min(started_at) FILTER (WHERE outcome = 'confirmed') OVER later <= ended_at, false
        ) AS overlapped
    FROM (
        SELECT * FROM counted
        UNION ALL
        SELECT workload, scope, subject, id, strategy, outcome, tries, waited_ms, held_ms, total_ms,
               started_at, started_at + total_ms * interval '1 ms', false
        FROM around JOIN attempts USING (workload, scope)
        WHERE outcome = 'confirmed' AND started_at BETWEEN since AND until AND {context}
    ) AS spans
    WINDOW thing AS (PARTITION BY workload, scope, subject),
        earlier AS (thing ORDER BY started_at, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        later AS (thing ORDER BY started_at DESC, id DESC
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT workload, scope, strategy, figure, bucket, sum(n)::bigint AS n
FROM met CROSS JOIN LATERAL (VALUES
    (outcome, 0, 1),
    ('retries', 0, greatest(tries - 1, 0)),
    ('overlapping', 0, overlapped::integer),
    ('total_ms', tally_bucket(total_ms), 1),
    ('waited_ms', tally_bucket(waited_ms), 1),
    ('held_ms', tally_bucket(held_ms), 1)
) AS each (figure, bucket, n)
WHERE counts AND bucket IS NOT NULL AND n > 0
GROUP BY workload, scope, strategy, figure, bucket
