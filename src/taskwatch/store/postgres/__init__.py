"""PostgreSQL by psycopg 3: the engine that several machines share."""
