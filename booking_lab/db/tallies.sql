-- The sums of a part of the ledger: one row for each workload, scope, strategy, figure and bucket.
-- The parameter "counted" selects the rows to add up, and "context" the rows around them.
WITH counted AS MATERIALIZED (
    SELECT workload, scope, subject, id, strategy, outcome, tries, waited_ms, held_ms, total_ms,
           started_at, started_at + total_ms * interval '1 ms' AS ended_at
    FROM {counted}
), around AS (
    SELECT workload, scope, min(started_at) - interval '{lookback} s' AS since,
           max(coalesce(ended_at, started_at)) AS until
    FROM counted GROUP BY workload, scope
), others AS MATERIALIZED (
    SELECT workload, scope, subject, id, started_at,
           started_at + total_ms * interval '1 ms' AS ended_at
    FROM around JOIN attempts USING (workload, scope)
    WHERE outcome = 'confirmed' AND started_at BETWEEN since AND until AND {context}
), contended AS (
    SELECT workload, scope, subject FROM others
    UNION SELECT workload, scope, subject FROM counted WHERE outcome = 'confirmed'
),
-- A booking overlapped if it was under way while another booking of the same thing was confirmed.
-- Only such bookings test a strategy; bookings of a thing that was taken long before do not. Two
-- running extremes find them in one pass in each direction. A comparison of all pairs on one hot
-- seat would take quadratic time.
overlapped AS (
    SELECT id FROM (
        SELECT id, counts AND (
            max(ended_at) FILTER (WHERE confirmed) OVER earlier >= started_at
            OR min(started_at) FILTER (WHERE confirmed) OVER later <= ended_at) AS met
        FROM (
            SELECT workload, scope, subject, id, started_at, ended_at,
                   outcome = 'confirmed' AS confirmed, tries > 0 AS counts
            FROM counted JOIN contended USING (workload, scope, subject)
            UNION ALL
            SELECT *, true, false FROM others
        ) AS spans
        WINDOW thing AS (PARTITION BY workload, scope, subject),
            earlier AS (thing ORDER BY started_at, id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            later AS (thing ORDER BY started_at DESC, id DESC
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS spans WHERE met
), grouped AS (
    SELECT workload, scope, strategy, outcome, total, waited, held,
           GROUPING(outcome) = 0 AS by_outcome, GROUPING(total) = 0 AS by_total,
           GROUPING(waited) = 0 AS by_waited, GROUPING(held) = 0 AS by_held,
           count(*) AS n, sum(again) AS retries, count(*) FILTER (WHERE met) AS overlapping
    FROM (
        SELECT workload, scope, strategy, outcome, tally_bucket(total_ms) AS total,
               tally_bucket(waited_ms) AS waited, tally_bucket(held_ms) AS held,
               greatest(tries - 1, 0) AS again, overlapped.id IS NOT NULL AS met
        FROM counted LEFT JOIN overlapped USING (id)
    ) AS counted
    GROUP BY workload, scope, strategy, GROUPING SETS (outcome, total, waited, held)
)
SELECT workload, scope, strategy, figure, bucket, sum(each.n)::bigint AS n
FROM grouped CROSS JOIN LATERAL (VALUES
    (by_outcome, outcome, 0, grouped.n),
    (by_outcome, 'retries', 0, retries),
    (by_outcome, 'overlapping', 0, overlapping),
    (by_total, 'total_ms', total, grouped.n),
    (by_waited, 'waited_ms', waited, grouped.n),
    (by_held, 'held_ms', held, grouped.n)
) AS each (counts, figure, bucket, n)
WHERE counts AND bucket IS NOT NULL AND each.n > 0
GROUP BY workload, scope, strategy, figure, bucket
