-- name: assign
INSERT INTO assignments (task_id, type, user_id, role_name)
SELECT :task_id, :type, CAST(:user_id AS BIGINT), CAST(:role_name AS TEXT)
WHERE NOT EXISTS (SELECT 1 FROM assignments WHERE task_id = :task_id AND type = :type
    AND user_id IS NOT DISTINCT FROM CAST(:user_id AS BIGINT)
    AND role_name IS NOT DISTINCT FROM CAST(:role_name AS TEXT))

-- name: unassign
DELETE FROM assignments
WHERE task_id = :task_id AND type = :type AND user_id IS NOT DISTINCT FROM CAST(:user_id AS BIGINT)
    AND role_name IS NOT DISTINCT FROM CAST(:role_name AS TEXT)

-- name: hold
-- Wait for whoever moves these tasks or their workflows, or those of what comes after them, then keep others out.
-- Tasks without a workflow are one family. Always in the same order, so that no two wait for each other.
SELECT pg_advisory_xact_lock(1952539499, family) FROM (
    SELECT DISTINCT CAST(coalesce(t.workflow_id, 0) % 2147483647 AS INTEGER) AS family FROM tasks AS t JOIN (
        SELECT CAST(value AS BIGINT) AS id FROM json_each(:ids)
        UNION ALL SELECT d.task_id FROM json_each(:ids) AS one
        JOIN dependencies AS d ON d.after_id = CAST(one.value AS BIGINT)
    ) AS touched ON touched.id = t.id ORDER BY family OFFSET 0
) AS families

-- name: hold_rows
-- Keep the alerting pass out as well; whoever refers to a task may go on.
SELECT id FROM tasks WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) ORDER BY id
FOR NO KEY UPDATE
