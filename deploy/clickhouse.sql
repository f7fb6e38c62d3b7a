-- The tables of netmon's store in ClickHouse, made by `netmon store ddl`. Apply them to the database that the
-- store's address names: clickhouse-client --database netmon --multiquery < clickhouse.sql

-- Runs of sensors, and readings of capture files.
CREATE TABLE IF NOT EXISTS runs
(
    sensor String,
    run String,
    site Nullable(String),
    source Nullable(String),
    start_ns Int64,
    end_ns Nullable(Int64),
    privacy Nullable(Int64),
    revision Int64,
    document Nullable(String)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(intDiv(start_ns, 86400000000000))
ORDER BY (sensor, run);

-- Under which conditions a run judged: a row for its start, and for each change.
CREATE TABLE IF NOT EXISTS conditions
(
    sensor String,
    run String,
    since_ns Int64,
    document Nullable(String)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(intDiv(since_ns, 86400000000000))
ORDER BY (sensor, run, since_ns);

-- Flows of vendors: a row for each day of a flow, with its totals at the end of that day.
CREATE TABLE IF NOT EXISTS flows
(
    sensor String,
    run String,
    flow Int64,
    day Int64,
    site Nullable(String),
    start_ns Nullable(Int64),
    last_ns Nullable(Int64),
    client Nullable(String),
    client_port Nullable(Int64),
    client_mac Nullable(String),
    client_host Nullable(String),
    vendor Nullable(String),
    component Nullable(String),
    status Nullable(String),
    name Nullable(String),
    matched Nullable(String),
    evidence Nullable(String),
    grounds Nullable(String),
    server Nullable(String),
    server_port Nullable(Int64),
    transport Nullable(String),
    interface Nullable(String),
    sent_bytes Nullable(Int64),
    received_bytes Nullable(Int64),
    sent_packets Nullable(Int64),
    received_packets Nullable(Int64),
    location Nullable(String),
    country Nullable(String),
    city Nullable(String),
    confidence Nullable(String),
    outcome Nullable(String),
    reason Nullable(String),
    severity Nullable(String),
    lacks Nullable(String),
    promise Nullable(String),
    contact Nullable(String),
    view Nullable(String),
    uncounted Nullable(String),
    concerns Nullable(String),
    fallback Nullable(String),
    edge Nullable(String),
    first_packet Nullable(Int64),
    is_over Nullable(Int64),
    revision Int64,
    judgement Nullable(Int64),
    numbers Nullable(String)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(day)
ORDER BY (sensor, run, flow, day)
TTL toDate(day) + INTERVAL 90 DAY;

-- Why flows were judged as they were; many flows share a row.
CREATE TABLE IF NOT EXISTS judgements
(
    id Int64,
    day Int64,
    document Nullable(String)
)
ENGINE = ReplacingMergeTree(day)
PARTITION BY toDate(day)
ORDER BY (id)
TTL toDate(day) + INTERVAL 90 DAY;

-- Flows with a finding; with their judgement, everything that their event says.
CREATE TABLE IF NOT EXISTS findings
(
    sensor String,
    run String,
    flow Int64,
    day Int64,
    severity Nullable(String),
    revision Int64,
    judgement Nullable(Int64),
    numbers Nullable(String),
    document Nullable(String)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(day)
ORDER BY (sensor, run, flow)
TTL toDate(day) + INTERVAL 90 DAY;

-- What could be seen: a row for each interface and minute, or for each reading of files.
CREATE TABLE IF NOT EXISTS views
(
    sensor String,
    run String,
    interface String,
    start_ns Int64,
    end_ns Nullable(Int64),
    scope Nullable(String),
    packets Nullable(Int64),
    flow_packets Nullable(Int64),
    dropped Nullable(Int64),
    undecoded_packets Nullable(Int64),
    tcp_bytes Nullable(Int64),
    unseen_tcp_bytes Nullable(Int64),
    interruptions Nullable(Int64),
    up Nullable(Int64),
    document Nullable(String)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(intDiv(start_ns, 86400000000000))
ORDER BY (sensor, run, interface, start_ns)
TTL toDate(intDiv(start_ns, 86400000000000)) + INTERVAL 89 DAY;

-- Evidence files that were written for findings.
CREATE TABLE IF NOT EXISTS evidence
(
    sensor String,
    run String,
    flow Int64,
    file String,
    time_ns Int64,
    sha256 Nullable(String),
    document Nullable(String)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(intDiv(time_ns, 86400000000000))
ORDER BY (sensor, run, flow, file)
TTL toDate(intDiv(time_ns, 86400000000000)) + INTERVAL 90 DAY;

-- Clients that were erased on request: when, why and how much, not whom.
CREATE TABLE IF NOT EXISTS erasures
(
    time_ns Int64,
    reason Nullable(String),
    flows Nullable(Int64),
    findings Nullable(Int64)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(intDiv(time_ns, 86400000000000))
ORDER BY (time_ns)
TTL toDate(intDiv(time_ns, 86400000000000)) + INTERVAL 90 DAY;

-- Machines by counting period: only at privacy level 1, and without any time within the period.
CREATE TABLE IF NOT EXISTS counted
(
    sensor String,
    run String,
    period String,
    vendor String,
    client String,
    day Int64,
    key_id Nullable(String)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(day)
ORDER BY (sensor, run, period, vendor, client)
TTL toDate(day) + INTERVAL 90 DAY;

-- How many machines a sensor counted in a period.
CREATE TABLE IF NOT EXISTS counts
(
    sensor String,
    run String,
    period String,
    vendor String,
    key_id String,
    first_day Nullable(Int64),
    day Int64,
    machines Nullable(Int64),
    is_complete Nullable(Int64),
    since_ns Nullable(Int64)
)
ENGINE = ReplacingMergeTree()
PARTITION BY toDate(day)
ORDER BY (sensor, run, period, vendor, key_id)
TTL toDate(day) + INTERVAL 90 DAY;

-- Commands that change the store: one after another.
CREATE TABLE IF NOT EXISTS changes
(
    id String,
    time_ns Int64,
    is_over Nullable(Int64)
)
ENGINE = ReplacingMergeTree(time_ns)
PARTITION BY toDate(intDiv(time_ns, 86400000000000))
ORDER BY (id)
TTL toDate(intDiv(time_ns, 86400000000000)) + INTERVAL 90 DAY;
