-- Database and roles of a gateway, each with the least that it needs. Run once, as superuser:
--     psql --set=ON_ERROR_STOP=1 --file=deploy/postgresql/roles.sql
-- No role has a password here. Give each its client certificate (pg_hba.conf: hostssl gateway gateway_service ... cert), or
-- \password gateway_service  (scram-sha-256; never trust or md5, and no host line, only hostssl).
--
--   gateway_owner    `gateway migrate`: may change the schema; no process serves with it
--   gateway_service  `gateway serve`, `backup`, `restore` (after a migrate): rows of the ledger's tables, and nothing else
--   gateway_reader   people who look: reads, one statement at a time

CREATE ROLE gateway_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 4;
CREATE ROLE gateway_service LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
CREATE ROLE gateway_reader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 4;
ALTER ROLE gateway_reader SET default_transaction_read_only = on;
ALTER ROLE gateway_reader SET statement_timeout = '30s';
-- Accepted means kept: a commit that is answered is on disk, and on a synchronous standby where one is named.
ALTER ROLE gateway_service SET synchronous_commit = on;

CREATE DATABASE gateway OWNER gateway_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE gateway FROM PUBLIC;
GRANT CONNECT ON DATABASE gateway TO gateway_service, gateway_reader;

\connect gateway
ALTER SCHEMA public OWNER TO gateway_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gateway_service, gateway_reader;

SET ROLE gateway_owner;
-- Made before the grants below: who serves reads which schema it is, and cannot say that it is another.
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
GRANT SELECT ON alembic_version TO gateway_service, gateway_reader;
-- What `gateway migrate` makes, now and with later versions.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gateway_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO gateway_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO gateway_reader;

-- After an erasure the gateway vacuums its tables. Before version 17 only their owner may: there autovacuum does it, within
-- minutes by the settings of the tables, or a nightly `vacuumdb --dbname=gateway` as gateway_owner.
SELECT current_setting('server_version_num')::int >= 170000 AS may_maintain \gset
\if :may_maintain
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT MAINTAIN ON TABLES TO gateway_service;
\endif
RESET ROLE;
