"""What the database permits while a redaction is under way, and at no other time: versions and answers, which are added
and never changed, lose words, and the kept bytes of an extract give way to others.

A redaction is under way (its state is `striking`) only within the transaction that carries it out. In PostgreSQL the
application has no right to change those tables even then. A function of their owner does it, for the one case of the
redaction, and looks that nothing but the mark comes in and nothing but what the mark stands for goes. SQLite knows no
rights; there triggers alone refuse.
"""

from __future__ import annotations

from sqlalchemy import Connection

from .append_only import WHERE_UNDER_WAY, forget_triggers, knows_redactions
from .row_security import ENGLAND, READABLE, WRITABLE

DECIDED_ONCE = "a redaction that was decided never changes"
STRIKING = "tracker.striking"
_OF_VERSIONS = WHERE_UNDER_WAY["case_review_version", "UPDATE"]


def permit(connection: Connection) -> None:
    """Makes what carries a redaction out. Called by the migration that makes the tables of redactions."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL.split("\n--\n"):
            connection.exec_driver_sql(statement)
    else:
        forget_triggers(connection)
        create_triggers(connection)


def create_triggers(connection: Connection) -> None:
    """Creates SQLite's triggers on redactions, where they are missing; in PostgreSQL lets versions lose words.

    Called after every migration, once the history's own triggers stand.
    """
    if not knows_redactions(connection):
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_VERSIONS_LOSE_WORDS)
    else:
        for statement in _SQLITE.split("\n--\n"):
            connection.exec_driver_sql(statement)


def forbid(connection: Connection) -> None:
    """Takes away what `permit` made."""
    if connection.dialect.name == "postgresql":
        for statement in _POSTGRESQL_NO_MORE.split("\n--\n"):
            connection.exec_driver_sql(statement)
    else:
        forget_triggers(connection)


_SQLITE = f"""
CREATE TRIGGER IF NOT EXISTS redaction_is_decided_once BEFORE UPDATE ON redaction WHEN old.words IS NULL BEGIN
    SELECT raise(ABORT, '{DECIDED_ONCE}');
END
--
CREATE TRIGGER IF NOT EXISTS redaction_never_goes BEFORE DELETE ON redaction BEGIN
    SELECT raise(ABORT, '{DECIDED_ONCE}');
END
--
CREATE TRIGGER IF NOT EXISTS redaction_stands_once BEFORE INSERT ON redaction
WHEN EXISTS (SELECT 1 FROM redaction WHERE id = new.id) BEGIN SELECT raise(ABORT, '{DECIDED_ONCE}'); END
"""
# In place of the one that refuses always (`history_triggers.py`).
_VERSIONS_LOSE_WORDS = f"""
CREATE OR REPLACE FUNCTION versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND pg_trigger_depth() > 1 THEN
        RETURN new;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'case_review_version' THEN
        IF new.id = old.id AND new.number = old.number AND new.known_from = old.known_from
            AND EXISTS (SELECT FROM redaction WHERE state = 'striking' AND {_OF_VERSIONS}) THEN
            RETURN new;
        END IF;
    END IF;
    RAISE EXCEPTION 'versions are added by triggers and never changed' USING ERRCODE = 'check_violation';
END $$
"""
# The owner's function works as the owner, who is held to the policies as well: so it works for the redaction's CCG, and
# its settings end with it. Each piece between the marks must stand in what was there before, in the same order.
_POSTGRESQL = f"""
CREATE FUNCTION redaction_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND old.words IS NOT NULL THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION '{DECIDED_ONCE}' USING ERRCODE = 'check_violation';
END $$
--
CREATE TRIGGER redaction_is_decided_once BEFORE UPDATE OR DELETE ON redaction
FOR EACH ROW EXECUTE FUNCTION redaction_is_decided_once()
--
CREATE TRIGGER redaction_is_never_emptied BEFORE TRUNCATE ON redaction
FOR EACH STATEMENT EXECUTE FUNCTION redaction_is_decided_once()
--
CREATE FUNCTION only_takes_away(before text, struck text, mark text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
    rest text := before;
    piece text;
BEGIN
    IF mark !~ '^\\[redacted [0-9]{{1,2}} [A-Z][a-z]+ [0-9]{{4}}( [0-9A-Z]{{8}})?\\]$' OR strpos(struck, mark) = 0 THEN
        RETURN false;
    END IF;
    FOREACH piece IN ARRAY string_to_array(struck, mark) LOOP
        IF strpos(rest, piece) = 0 THEN
            RETURN false;
        END IF;
        rest := substr(rest, strpos(rest, piece) + length(piece));
    END LOOP;
    RETURN true;
END $$
--
CREATE FUNCTION strike_out(
    of_redaction uuid, of_ccg uuid, what text, key text, item text, struck text, mark text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    only_this text := '{{' || of_ccg || '}}';
    readable text := coalesce(current_setting('{READABLE}', true), '');
    writable text := coalesce(current_setting('{WRITABLE}', true), '');
    of_case uuid;
    before text;
BEGIN
    PERFORM set_config('{READABLE}', only_this, true), set_config('{WRITABLE}', only_this, true);
    SELECT case_id INTO of_case FROM redaction WHERE id = of_redaction AND ccg_id = of_ccg AND state = 'striking';
    IF of_case IS NULL THEN
        RAISE EXCEPTION 'no such redaction is under way' USING ERRCODE = 'check_violation';
    END IF;
    IF what = 'extract' THEN
        PERFORM set_config('{STRIKING}', 'yes', true);
        DELETE FROM extract_part WHERE extract_id = key::uuid;
        PERFORM set_config('{STRIKING}', '', true);
    ELSE
        IF what = 'version' THEN
            EXECUTE format('SELECT %%I FROM case_review_version WHERE id = $1 AND number = $2', item)
                INTO before USING of_case, key::integer;
        ELSE
            SELECT note INTO before FROM query_answer WHERE id = key::uuid AND case_id = of_case;
        END IF;
        IF only_takes_away(before, struck, mark) IS NOT TRUE THEN
            RAISE EXCEPTION 'a redaction takes words away and adds nothing' USING ERRCODE = 'check_violation';
        END IF;
        IF what = 'version' THEN
            EXECUTE format('UPDATE case_review_version SET %%I = $1 WHERE id = $2 AND number = $3', item)
                USING struck, of_case, key::integer;
        ELSE
            UPDATE query_answer SET note = struck WHERE id = key::uuid AND case_id = of_case;
        END IF;
    END IF;
    PERFORM set_config('{READABLE}', readable, true), set_config('{WRITABLE}', writable, true);
END $$
--
REVOKE EXECUTE ON FUNCTION strike_out(uuid, uuid, text, text, text, text, text) FROM PUBLIC
--
GRANT EXECUTE ON FUNCTION strike_out(uuid, uuid, text, text, text, text, text) TO {ENGLAND}
--
CREATE POLICY struck_out ON extract_part FOR ALL TO CURRENT_USER
USING ((SELECT current_setting('{STRIKING}', true)) = 'yes')
"""
_POSTGRESQL_NO_MORE = """
DROP TRIGGER redaction_is_never_emptied ON redaction
--
DROP TRIGGER redaction_is_decided_once ON redaction
--
DROP FUNCTION redaction_is_decided_once()
--
DROP POLICY struck_out ON extract_part
--
DROP FUNCTION strike_out(uuid, uuid, text, text, text, text, text)
--
DROP FUNCTION only_takes_away(text, text, text)
--
CREATE OR REPLACE FUNCTION versions_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND pg_trigger_depth() > 1 THEN
        RETURN new;
    END IF;
    RAISE EXCEPTION 'versions are added by triggers and never changed' USING ERRCODE = 'check_violation';
END $$
"""
