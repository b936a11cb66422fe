-- The platform's ground: accounts, tenants, catalogue, subscriptions, applications, keys, usage,
-- jobs. Times are UTC, money is in minor units, secrets are hashed or sealed before they come here.

CREATE TABLE users (
    id BLOB PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    email_verified_at TEXT,
    super_admin BOOLEAN NOT NULL DEFAULT FALSE,
    disabled_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

-- Single-use tokens that go out by e-mail. purpose: verify, reset, change_email.
CREATE TABLE email_tokens (
    token_hash BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    email TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX email_tokens_user ON email_tokens (user_id, purpose);

CREATE TABLE sessions (
    id BLOB NOT NULL UNIQUE,
    token_hash BLOB PRIMARY KEY,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    device TEXT NOT NULL DEFAULT '',
    address TEXT,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- What one page hands to the next: typed values, errors, a message. Taken once.
CREATE TABLE flashes (
    id_hash BLOB PRIMARY KEY,
    data TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE TABLE api_tokens (
    id BLOB PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    last_four TEXT NOT NULL,
    expires_at TEXT,
    last_used_at TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE tenants (
    id BLOB PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    delete_after TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE memberships (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE invitations (
    id BLOB PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    invited_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    expires_at TEXT NOT NULL,
    accepted_at TEXT,
    revoked_at TEXT,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE services (
    id BLOB PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    base_urls TEXT NOT NULL,
    routes TEXT NOT NULL,
    database_mode TEXT NOT NULL,
    lifecycle BOOLEAN NOT NULL,
    health_path TEXT,
    timeout_ms INTEGER NOT NULL,
    http2 BOOLEAN NOT NULL,
    upstream TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE products (
    id BLOB PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    service_id BLOB REFERENCES services (id),
    summary TEXT NOT NULL,
    description TEXT NOT NULL,
    config_schema TEXT,
    -- Whether the gateway keeps answers, each for the application that got it.
    cache_responses BOOLEAN NOT NULL DEFAULT FALSE,
    status TEXT NOT NULL,
    published_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE plans (
    id BLOB PRIMARY KEY,
    product_id BLOB NOT NULL REFERENCES products (id),
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    current_version INTEGER NOT NULL,
    archived_at TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (product_id, code)
);

-- Immutable: a change makes a new version, subscribers keep theirs.
CREATE TABLE plan_versions (
    id BLOB PRIMARY KEY,
    plan_id BLOB NOT NULL REFERENCES plans (id),
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    bill_interval TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    trial_days INTEGER NOT NULL,
    included_requests INTEGER NOT NULL,
    overage_minor_per_1000 INTEGER,
    rate_per_second INTEGER NOT NULL,
    burst INTEGER NOT NULL,
    max_applications INTEGER NOT NULL,
    -- Bodies of calls, in bytes; none: the platform's own limit, and no limit.
    max_request_bytes INTEGER,
    max_response_bytes INTEGER,
    features TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (plan_id, version)
);

CREATE TABLE subscriptions (
    id BLOB PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    product_id BLOB NOT NULL REFERENCES products (id),
    plan_version_id BLOB NOT NULL REFERENCES plan_versions (id),
    pending_plan_version_id BLOB REFERENCES plan_versions (id),
    status TEXT NOT NULL,
    -- Periods are stepped from here, so that the 31st comes back after February.
    anchor TEXT NOT NULL,
    current_period_start TEXT NOT NULL,
    current_period_end TEXT NOT NULL,
    -- The quota's month; for yearly plans it is shorter than the period.
    quota_period_start TEXT NOT NULL,
    quota_period_end TEXT NOT NULL,
    trial_end TEXT,
    cancel_at_period_end BOOLEAN NOT NULL DEFAULT FALSE,
    ended_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX subscriptions_live ON subscriptions (tenant_id, product_id)
    WHERE status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid');
CREATE INDEX subscriptions_tenant ON subscriptions (tenant_id, product_id, id);
CREATE INDEX subscriptions_due ON subscriptions (status, current_period_end);
CREATE INDEX subscriptions_quota_due ON subscriptions (status, quota_period_end);

CREATE TABLE applications (
    id BLOB PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    subscription_id BLOB NOT NULL REFERENCES subscriptions (id),
    product_id BLOB NOT NULL REFERENCES products (id),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    -- Who suspended it: tenant, platform (subscription ended). NULL while it is not suspended.
    suspended_by TEXT,
    -- Whether the service ever had it ready: decides what a failed PUT may undo.
    ever_active BOOLEAN NOT NULL DEFAULT FALSE,
    config TEXT NOT NULL,
    config_version INTEGER NOT NULL DEFAULT 1,
    -- Whose pages may call it from a browser; none: it is told nothing of browsers.
    allowed_origins TEXT NOT NULL DEFAULT '[]',
    -- What the service was last told; a job brings it to what is wanted.
    told_plan TEXT,
    told_config_version INTEGER,
    delete_after TEXT,
    created_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX applications_tenant ON applications (tenant_id, id);
CREATE INDEX applications_subscription ON applications (subscription_id);
CREATE INDEX applications_origins ON applications (product_id) WHERE allowed_origins <> '[]';

CREATE TABLE application_configs (
    application_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    config TEXT NOT NULL,
    changed_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (application_id, version)
);

-- The database of an application. The row is written before the database is made and removed
-- after it is dropped, so that nothing is ever orphaned.
CREATE TABLE application_databases (
    application_id BLOB PRIMARY KEY REFERENCES applications (id),
    engine TEXT NOT NULL,
    name TEXT NOT NULL,
    url_sealed BLOB NOT NULL,
    ready_at TEXT,
    created_at TEXT NOT NULL
);

CREATE TABLE application_steps (
    id BLOB PRIMARY KEY,
    application_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    position INTEGER NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    detail TEXT,
    started_at TEXT,
    finished_at TEXT,
    UNIQUE (application_id, step)
);

CREATE TABLE api_keys (
    id BLOB PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    application_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    secret_last_four TEXT NOT NULL,
    scopes TEXT NOT NULL,
    allowed_ips TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    last_used_at TEXT,
    created_by BLOB REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX api_keys_application ON api_keys (application_id, id);

-- Calls by the minute: the sums of many applications lie together in a few rows, packed as
-- control/src/usage/minute.rs says.
CREATE TABLE usage_minutes (
    part INTEGER NOT NULL,
    start TEXT NOT NULL,
    -- Of a minute, in which it was counted: what is appended to stays short.
    quarter INTEGER NOT NULL,
    sums BLOB NOT NULL,
    PRIMARY KEY (part, start, quarter)
);
CREATE INDEX usage_minutes_start ON usage_minutes (start);

-- One table for all steps and breakdowns: every column beyond the key is a sum, of histograms too.
-- The key begins with time, so that what is written together lies together.
CREATE TABLE usage_rollups (
    step TEXT NOT NULL,
    start TEXT NOT NULL,
    application_id BLOB NOT NULL,
    key_id BLOB NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    -- Requests by logarithmic class of latency, see control/src/usage/latency.rs.
    latency TEXT NOT NULL,
    PRIMARY KEY (step, start, application_id, key_id, route, status)
) WITHOUT ROWID;

-- The hours and days of usage_rollups summed up: of an application, a tenant, a product, a status, or all.
-- Of a status and of all there are minutes too.
CREATE TABLE usage_sums (
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    -- Application, tenant or product; nil for the others.
    target BLOB NOT NULL,
    start TEXT NOT NULL,
    status INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    server_errors INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    latency TEXT NOT NULL,
    PRIMARY KEY (kind, step, target, start, status)
) WITHOUT ROWID;

-- Calls that were refused, by the hour; best effort and never billed.
CREATE TABLE usage_refusals (
    application_id BLOB NOT NULL,
    start TEXT NOT NULL,
    code TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (application_id, start, code)
) WITHOUT ROWID;
CREATE INDEX usage_refusals_start ON usage_refusals (start);

-- Intervals that begin before `until` are summed up from finer ones; minutes are packed once more.
CREATE TABLE usage_marks (
    step TEXT PRIMARY KEY,
    until TEXT NOT NULL
);
INSERT INTO usage_marks (step, until) VALUES ('minute', '1970-01-01T00:00:00+00:00'), ('hour', '1970-01-01T00:00:00+00:00'), ('day', '1970-01-01T00:00:00+00:00');

CREATE TABLE quota_usage (
    subscription_id BLOB NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, period_start)
);

-- Alerts that so much of a quota is used: one for each period, and again for another plan.
CREATE TABLE quota_alerts (
    subscription_id BLOB NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start TEXT NOT NULL,
    plan_version_id BLOB NOT NULL REFERENCES plan_versions (id),
    percent INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (subscription_id, period_start, plan_version_id, percent)
);

-- Units of quotas that a replica's gateway may use and has not handed over as used.
CREATE TABLE quota_leases (
    subscription_id BLOB NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start TEXT NOT NULL,
    replica BLOB NOT NULL,
    units INTEGER NOT NULL CHECK (units >= 0),
    PRIMARY KEY (subscription_id, period_start, replica)
);
CREATE INDEX quota_leases_replica ON quota_leases (replica);

-- Gateways that share this database; each says every few seconds that it lives.
CREATE TABLE replicas (
    id BLOB PRIMARY KEY,
    seen_at TEXT NOT NULL
);

-- Up to where each file of a gateway's usage journal is counted: the same part twice changes nothing.
CREATE TABLE usage_segments (
    id BLOB PRIMARY KEY,
    replica BLOB NOT NULL,
    position INTEGER NOT NULL,
    accepted_at TEXT NOT NULL
);

CREATE TABLE jobs (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL,
    run_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    lease_until TEXT,
    lease_token BLOB,
    last_error TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, target) WHERE status = 'queued';
-- One job at a time works on a thing.
CREATE UNIQUE INDEX jobs_running ON jobs (target) WHERE status = 'running';
CREATE INDEX jobs_due ON jobs (status, run_at);

CREATE TABLE mails (
    id BLOB PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT
);

-- What a tenant's members are told; each reads it for themselves.
CREATE TABLE notifications (
    id BLOB PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    link TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX notifications_tenant ON notifications (tenant_id, id);
CREATE INDEX notifications_created ON notifications (created_at);

CREATE TABLE notification_reads (
    notification_id BLOB NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at TEXT NOT NULL,
    PRIMARY KEY (notification_id, user_id)
);

CREATE TABLE audit_entries (
    id BLOB PRIMARY KEY,
    at TEXT NOT NULL,
    tenant_id BLOB,
    actor_id BLOB,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    before_state TEXT,
    after_state TEXT,
    address TEXT
);
CREATE INDEX audit_tenant ON audit_entries (tenant_id, id);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL,
    updated_at TEXT NOT NULL
);

-- One row: how far business time is ahead of the system's clock.
CREATE TABLE test_clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ahead_seconds INTEGER NOT NULL
);
INSERT INTO test_clock (id, ahead_seconds) VALUES (1, 0);

-- One row, incremented by every transaction that changes what the gateway may answer.
CREATE TABLE grant_epoch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
);
INSERT INTO grant_epoch (id, epoch) VALUES (1, 0);

-- What changed at which epoch: scope is key, application, subscription, tenant or catalogue.
CREATE TABLE grant_changes (
    epoch INTEGER NOT NULL,
    scope TEXT NOT NULL,
    target BLOB,
    at TEXT NOT NULL
);
CREATE INDEX grant_changes_epoch ON grant_changes (epoch);

CREATE TABLE idempotency_keys (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    status INTEGER,
    response_sealed BLOB,
    expires_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, key_hash)
);
CREATE INDEX idempotency_expiry ON idempotency_keys (expires_at);
