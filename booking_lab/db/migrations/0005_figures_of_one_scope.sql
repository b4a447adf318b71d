CREATE INDEX attempts_confirmed ON attempts (workload, scope, started_at)
    WHERE outcome = 'confirmed';
-- Nothing, as long as nobody was told what isn't so.
CREATE INDEX attempts_told ON attempts (workload, scope)
    WHERE answered = 'confirmed' AND outcome <> 'confirmed';
-- Which scopes there are differs by workload, and how bookings end by scope.
CREATE STATISTICS attempts_scopes (dependencies, mcv)
    ON workload, scope, outcome, action FROM attempts;
