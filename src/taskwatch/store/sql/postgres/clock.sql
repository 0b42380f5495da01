-- name: now
SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)
