-- Roles without login, one per kind of work. On a managed server the owner may not create roles or grant on the
-- database: what fails is recorded in platform.notices and everything runs as the owner.
--   st_loader   writes resource tables and the ledger
--   st_dbt      reads both schemas and owns the schemas that dbt builds
--   st_reader   reads marts only
--   st_dagster  for the orchestrator's own database; nothing here

DO $$
DECLARE
    role_name text;
    how text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['st_loader', 'st_dbt', 'st_reader', 'st_dagster'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                BEGIN
                    EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
                EXCEPTION WHEN unique_violation OR duplicate_object THEN
                    NULL;  -- created for a neighbouring database at this very moment
                END;
            END IF;
            IF NOT pg_has_role(current_user, role_name, how) THEN
                EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
            END IF;
        EXCEPTION WHEN insufficient_privilege THEN
            INSERT INTO platform.notices (kind, message) VALUES (
                'role',
                format(
                    'Role %s is not available to %s (%s). The platform goes on as %s. To separate duties, let an '
                    'administrator run: CREATE ROLE %s NOLOGIN; GRANT %s TO %s;',
                    role_name, current_user, sqlerrm, current_user, role_name, role_name, current_user
                )
            );
        END;
    END LOOP;
END
$$;

-- Grants are a function, so that they can be repeated after new tables, and after an administrator made the roles.
CREATE FUNCTION platform.apply_grants() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present text[] := ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'st\_%');
    statement text;
    statements text[] := '{}';
BEGIN
    statements := statements || ARRAY[
        'REVOKE ALL ON SCHEMA servicetitan, platform FROM PUBLIC'
    ];
    IF 'st_loader' = ANY (present) THEN
        statements := statements || ARRAY[
            'GRANT USAGE ON SCHEMA servicetitan, platform TO st_loader',
            'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA servicetitan, platform TO st_loader',
            'REVOKE INSERT, UPDATE, DELETE ON platform.migrations FROM st_loader',
            'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA platform TO st_loader',
            'ALTER DEFAULT PRIVILEGES IN SCHEMA servicetitan, platform GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO st_loader',
            'ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT USAGE, SELECT ON SEQUENCES TO st_loader',
            format('GRANT TEMPORARY ON DATABASE %I TO st_loader', current_database())
        ];
    END IF;
    IF 'st_dbt' = ANY (present) THEN
        statements := statements || ARRAY[
            'GRANT USAGE ON SCHEMA servicetitan, platform TO st_dbt',
            'GRANT SELECT ON ALL TABLES IN SCHEMA servicetitan, platform TO st_dbt',
            'ALTER DEFAULT PRIVILEGES IN SCHEMA servicetitan, platform GRANT SELECT ON TABLES TO st_dbt',
            format('GRANT CREATE, TEMPORARY ON DATABASE %I TO st_dbt', current_database())
        ];
    END IF;
    IF 'st_dbt' = ANY (present) AND 'st_reader' = ANY (present) THEN
        -- Readers get the tables of every schema but enter only marts, see open_marts().
        statements := statements || ARRAY[
            'ALTER DEFAULT PRIVILEGES FOR ROLE st_dbt GRANT SELECT ON TABLES TO st_reader'
        ];
    END IF;
    FOREACH statement IN ARRAY statements LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN insufficient_privilege THEN
            INSERT INTO platform.notices (kind, message)
            SELECT 'grant', format('%s is not allowed to %s: %s.', current_user, statement, sqlerrm)
            WHERE NOT EXISTS (
                SELECT FROM platform.notices WHERE kind = 'grant' AND message LIKE '%' || statement || '%'
            );
        END;
    END LOOP;
END
$$;

-- Lets readers into the marts_* schemas; harmless to repeat. dbt may call it after a run.
CREATE FUNCTION platform.open_marts() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    schema_name text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'st_reader') THEN
        RETURN;
    END IF;
    FOR schema_name IN
        SELECT nspname FROM pg_namespace
        WHERE nspname LIKE 'marts\_%' AND pg_has_role(current_user, nspowner, 'USAGE')
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO st_reader', schema_name);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO st_reader', schema_name);
    END LOOP;
END
$$;

SELECT platform.apply_grants();
