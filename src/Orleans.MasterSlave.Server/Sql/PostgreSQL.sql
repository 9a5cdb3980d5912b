-- What Microsoft.Orleans.Persistence.AdoNet and Microsoft.Orleans.Clustering.AdoNet (10.x) need in a PostgreSQL database (11 or later).
--
-- Run it before a silo starts: psql -v ON_ERROR_STOP=1 -d <database> -f PostgreSQL.sql. It may be run again, also by several at once and
-- beside running silos; it never touches rows of grains or silos. A later version of this file replaces the queries of an earlier one.
-- Leave synchronous_commit on (PostgreSQL's default): what a grain or a group record was told is stored must survive power loss.
--
-- The providers fetch the text of each statement from OrleansQuery, by key; names of parameters and columns are theirs.

BEGIN;

-- "CREATE ... IF NOT EXISTS" of two sessions at the same time can fail: one after the other.
SELECT pg_advisory_xact_lock(5719411287640165);

CREATE TABLE IF NOT EXISTS OrleansQuery
(
    QueryKey  varchar(64) PRIMARY KEY,
    QueryText text        NOT NULL
);

---------------------------------------------------------------------------------------------------------------------------------------
-- Grain states

-- The hashes come from the provider. They differ for most grains, not for all, so nothing here relies on them: rows are found, and kept
-- unique, by the whole id. GrainIdN0 and GrainIdN1 hold an integer or GUID key, GrainIdExtensionString a string key or a key extension.
CREATE TABLE IF NOT EXISTS OrleansStorage
(
    GrainIdHash            integer     NOT NULL,
    GrainIdN0              bigint      NOT NULL,
    GrainIdN1              bigint      NOT NULL,
    GrainTypeHash          integer     NOT NULL,
    GrainTypeString        text        NOT NULL,
    GrainIdExtensionString text        NULL,
    ServiceId              text        NOT NULL,
    PayloadBinary          bytea       NULL,
    ModifiedOn             timestamptz NOT NULL,
    Version                integer     NOT NULL
);

-- One row for a grain's state, whoever inserts at the same time. A missing extension is a value like another (NULLs would not collide).
CREATE UNIQUE INDEX IF NOT EXISTS OrleansStorage_FullKey ON OrleansStorage
(
    ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, (GrainIdExtensionString IS NULL), (COALESCE(GrainIdExtensionString, ''))
);

-- Versions are ETags. All rows draw from one sequence, so that a row that was deleted and inserted again does not get an ETag that a late
-- writer may still hold. It starts over after two thousand million writes.
CREATE SEQUENCE IF NOT EXISTS OrleansStorageVersion AS integer MINVALUE 1 MAXVALUE 2147483646 CYCLE;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('ReadFromStorageKey', $query$
    SELECT PayloadBinary, Version
    FROM OrleansStorage
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
        AND (GrainIdExtensionString IS NULL) = (@GrainIdExtensionString::text IS NULL)
        AND COALESCE(GrainIdExtensionString, '') = COALESCE(@GrainIdExtensionString::text, '');
$query$),
-- Without a version only an insert, with a version only an update of the row that has it. No row in the answer: the caller was wrong.
('WriteToStorageKey', $query$
    WITH inserted AS (
        INSERT INTO OrleansStorage (GrainIdHash, GrainIdN0, GrainIdN1, GrainTypeHash, GrainTypeString, GrainIdExtensionString,
            ServiceId, PayloadBinary, ModifiedOn, Version)
        SELECT @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, @GrainIdExtensionString::text,
            @ServiceId, @PayloadBinary, now(), nextval('OrleansStorageVersion')::integer
        WHERE @GrainStateVersion::integer IS NULL
        ON CONFLICT DO NOTHING
        RETURNING Version
    ), updated AS (
        UPDATE OrleansStorage
        SET PayloadBinary = @PayloadBinary, ModifiedOn = now(), Version = nextval('OrleansStorageVersion')::integer
        WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
            AND (GrainIdExtensionString IS NULL) = (@GrainIdExtensionString::text IS NULL)
            AND COALESCE(GrainIdExtensionString, '') = COALESCE(@GrainIdExtensionString::text, '')
            AND Version = @GrainStateVersion::integer
        RETURNING Version
    )
    SELECT Version AS NewGrainStateVersion FROM inserted
    UNION ALL
    SELECT Version FROM updated;
$query$),
-- Keeps the row, without a payload.
('ClearStorageKey', $query$
    UPDATE OrleansStorage
    SET PayloadBinary = NULL, ModifiedOn = now(), Version = nextval('OrleansStorageVersion')::integer
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
        AND (GrainIdExtensionString IS NULL) = (@GrainIdExtensionString::text IS NULL)
        AND COALESCE(GrainIdExtensionString, '') = COALESCE(@GrainIdExtensionString::text, '')
        AND Version = @GrainStateVersion::integer
    RETURNING Version AS NewGrainStateVersion;
$query$),
-- For DeleteStateOnClear. The provider wants a number back that is not the row's version.
('DeleteStorageKey', $query$
    DELETE FROM OrleansStorage
    WHERE ServiceId = @ServiceId AND GrainTypeString = @GrainTypeString AND GrainIdN0 = @GrainIdN0 AND GrainIdN1 = @GrainIdN1
        AND (GrainIdExtensionString IS NULL) = (@GrainIdExtensionString::text IS NULL)
        AND COALESCE(GrainIdExtensionString, '') = COALESCE(@GrainIdExtensionString::text, '')
        AND Version = @GrainStateVersion::integer
    RETURNING Version + 1 AS NewGrainStateVersion;
$query$)
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;

---------------------------------------------------------------------------------------------------------------------------------------
-- Membership

-- The version of a cluster's table. A silo's row changes only together with it, in one statement: its row lock puts changes in order.
CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable
(
    DeploymentId text        PRIMARY KEY,
    Timestamp    timestamptz NOT NULL DEFAULT now(),
    Version      integer     NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable
(
    DeploymentId text        NOT NULL REFERENCES OrleansMembershipVersionTable (DeploymentId),
    Address      text        NOT NULL,
    Port         integer     NOT NULL,
    Generation   integer     NOT NULL,
    SiloName     text        NOT NULL,
    HostName     text        NOT NULL,
    Status       integer     NOT NULL,
    ProxyPort    integer     NULL,
    SuspectTimes text        NULL,
    StartTime    timestamptz NOT NULL,
    IAmAliveTime timestamptz NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', $query$
    WITH inserted AS (
        INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId)
        ON CONFLICT DO NOTHING
        RETURNING DeploymentId
    )
    SELECT count(*) = 1 FROM inserted;
$query$),
('InsertMembershipKey', $query$
    WITH moved AS (
        UPDATE OrleansMembershipVersionTable
        SET Timestamp = now(), Version = Version + 1
        WHERE DeploymentId = @DeploymentId AND Version = @Version
            AND NOT EXISTS (
                SELECT 1 FROM OrleansMembershipTable
                WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
        RETURNING DeploymentId
    ), inserted AS (
        INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
        SELECT DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
        FROM moved
        RETURNING DeploymentId
    )
    SELECT count(*) = 1 FROM inserted;
$query$),
('UpdateMembershipKey', $query$
    WITH moved AS (
        UPDATE OrleansMembershipVersionTable
        SET Timestamp = now(), Version = Version + 1
        WHERE DeploymentId = @DeploymentId AND Version = @Version
            AND EXISTS (
                SELECT 1 FROM OrleansMembershipTable
                WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation)
        RETURNING DeploymentId
    ), updated AS (
        UPDATE OrleansMembershipTable AS silo
        SET Status = @Status, SuspectTimes = @SuspectTimes::text, IAmAliveTime = @IAmAliveTime
        FROM moved
        WHERE silo.DeploymentId = moved.DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
        RETURNING silo.DeploymentId
    )
    SELECT count(*) = 1 FROM updated;
$query$),
('UpdateIAmAlivetimeKey', $query$
    UPDATE OrleansMembershipTable
    SET IAmAliveTime = @IAmAliveTime
    WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation;
$query$),
('MembershipReadRowKey', $query$
    SELECT v.Version, s.Address, s.Port, s.Generation, s.SiloName, s.HostName, s.Status, s.ProxyPort, s.SuspectTimes, s.StartTime, s.IAmAliveTime
    FROM OrleansMembershipVersionTable v
        LEFT JOIN OrleansMembershipTable s
            ON s.DeploymentId = v.DeploymentId AND s.Address = @Address AND s.Port = @Port AND s.Generation = @Generation
    WHERE v.DeploymentId = @DeploymentId;
$query$),
('MembershipReadAllKey', $query$
    SELECT v.Version, s.Address, s.Port, s.Generation, s.SiloName, s.HostName, s.Status, s.ProxyPort, s.SuspectTimes, s.StartTime, s.IAmAliveTime
    FROM OrleansMembershipVersionTable v
        LEFT JOIN OrleansMembershipTable s ON s.DeploymentId = v.DeploymentId
    WHERE v.DeploymentId = @DeploymentId;
$query$),
('GatewaysQueryKey', $query$
    SELECT Address, ProxyPort, Generation
    FROM OrleansMembershipTable
    WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0;
$query$),
-- 6 is SiloStatus.Dead.
('CleanupDefunctSiloEntriesKey', $query$
    DELETE FROM OrleansMembershipTable
    WHERE DeploymentId = @DeploymentId AND Status = 6 AND greatest(StartTime, IAmAliveTime) < @IAmAliveTime;
$query$),
('DeleteMembershipTableEntriesKey', $query$
    DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
    DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId;
$query$)
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;

COMMIT;
