-- The platform's ground: accounts, tenants, catalogue, subscriptions, applications, keys, usage,
-- jobs. Times are UTC, money is in minor units, secrets are hashed or sealed before they come here.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    password_hash text COLLATE "C" NOT NULL,
    email_verified_at timestamptz,
    super_admin boolean NOT NULL DEFAULT FALSE,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Single-use tokens that go out by e-mail. purpose: verify, reset, change_email.
CREATE TABLE email_tokens (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX email_tokens_user ON email_tokens (user_id, purpose);

CREATE TABLE sessions (
    id uuid NOT NULL UNIQUE,
    token_hash bytea PRIMARY KEY,
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    data text COLLATE "C" NOT NULL,
    device text COLLATE "C" NOT NULL DEFAULT '',
    address text COLLATE "C",
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- What one page hands to the next: typed values, errors, a message. Taken once.
CREATE TABLE flashes (
    id_hash bytea PRIMARY KEY,
    data text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE api_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    last_four text COLLATE "C" NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    status_reason text COLLATE "C",
    delete_after timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    email text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    invited_by uuid REFERENCES users (id) ON DELETE SET NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE services (
    id uuid PRIMARY KEY,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    base_urls jsonb NOT NULL,
    routes jsonb NOT NULL,
    database_mode text COLLATE "C" NOT NULL,
    lifecycle boolean NOT NULL,
    health_path text COLLATE "C",
    timeout_ms bigint NOT NULL,
    http2 boolean NOT NULL,
    upstream jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE products (
    id uuid PRIMARY KEY,
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    service_id uuid REFERENCES services (id),
    summary text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    config_schema jsonb,
    -- Whether the gateway keeps answers, each for the application that got it.
    cache_responses boolean NOT NULL DEFAULT FALSE,
    status text COLLATE "C" NOT NULL,
    published_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE plans (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products (id),
    code text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    current_version bigint NOT NULL,
    archived_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (product_id, code)
);

-- Immutable: a change makes a new version, subscribers keep theirs.
CREATE TABLE plan_versions (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL REFERENCES plans (id),
    version bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    bill_interval text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    price_minor bigint NOT NULL,
    trial_days bigint NOT NULL,
    included_requests bigint NOT NULL,
    overage_minor_per_1000 bigint,
    rate_per_second bigint NOT NULL,
    burst bigint NOT NULL,
    max_applications bigint NOT NULL,
    -- Bodies of calls, in bytes; none: the platform's own limit, and no limit.
    max_request_bytes bigint,
    max_response_bytes bigint,
    features jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (plan_id, version)
);

CREATE TABLE subscriptions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    product_id uuid NOT NULL REFERENCES products (id),
    plan_version_id uuid NOT NULL REFERENCES plan_versions (id),
    pending_plan_version_id uuid REFERENCES plan_versions (id),
    status text COLLATE "C" NOT NULL,
    -- Periods are stepped from here, so that the 31st comes back after February.
    anchor timestamptz NOT NULL,
    current_period_start timestamptz NOT NULL,
    current_period_end timestamptz NOT NULL,
    -- The quota's month; for yearly plans it is shorter than the period.
    quota_period_start timestamptz NOT NULL,
    quota_period_end timestamptz NOT NULL,
    trial_end timestamptz,
    cancel_at_period_end boolean NOT NULL DEFAULT FALSE,
    ended_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX subscriptions_live ON subscriptions (tenant_id, product_id)
    WHERE status IN ('trialing', 'active', 'past_due', 'paused', 'unpaid');
CREATE INDEX subscriptions_tenant ON subscriptions (tenant_id, product_id, id);
CREATE INDEX subscriptions_due ON subscriptions (status, current_period_end);
CREATE INDEX subscriptions_quota_due ON subscriptions (status, quota_period_end);

CREATE TABLE applications (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    subscription_id uuid NOT NULL REFERENCES subscriptions (id),
    product_id uuid NOT NULL REFERENCES products (id),
    slug text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    status_reason text COLLATE "C",
    -- Who suspended it: tenant, platform (subscription ended). NULL while it is not suspended.
    suspended_by text COLLATE "C",
    -- Whether the service ever had it ready: decides what a failed PUT may undo.
    ever_active boolean NOT NULL DEFAULT FALSE,
    config jsonb NOT NULL,
    config_version bigint NOT NULL DEFAULT 1,
    -- Whose pages may call it from a browser; none: it is told nothing of browsers.
    allowed_origins jsonb NOT NULL DEFAULT '[]',
    -- What the service was last told; a job brings it to what is wanted.
    told_plan text COLLATE "C",
    told_config_version bigint,
    delete_after timestamptz,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX applications_tenant ON applications (tenant_id, id);
CREATE INDEX applications_subscription ON applications (subscription_id);
CREATE INDEX applications_origins ON applications (product_id) WHERE allowed_origins <> '[]';

CREATE TABLE application_configs (
    application_id uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    config jsonb NOT NULL,
    changed_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (application_id, version)
);

-- The database of an application. The row is written before the database is made and removed
-- after it is dropped, so that nothing is ever orphaned.
CREATE TABLE application_databases (
    application_id uuid PRIMARY KEY REFERENCES applications (id),
    engine text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    url_sealed bytea NOT NULL,
    ready_at timestamptz,
    created_at timestamptz NOT NULL
);

CREATE TABLE application_steps (
    id uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    step text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    title text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    detail text COLLATE "C",
    started_at timestamptz,
    finished_at timestamptz,
    UNIQUE (application_id, step)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    application_id uuid NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    client_id text COLLATE "C" NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    secret_last_four text COLLATE "C" NOT NULL,
    scopes jsonb NOT NULL,
    allowed_ips jsonb NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX api_keys_application ON api_keys (application_id, id);

-- Calls by the minute: the sums of many applications lie together in a few rows, packed as
-- control/src/usage/minute.rs says.
CREATE TABLE usage_minutes (
    part bigint NOT NULL,
    start timestamptz NOT NULL,
    -- Of a minute, in which it was counted: what is appended to stays short.
    quarter bigint NOT NULL,
    sums bytea NOT NULL,
    PRIMARY KEY (part, start, quarter)
);
CREATE INDEX usage_minutes_start ON usage_minutes (start);

-- One table for all steps and breakdowns: every column beyond the key is a sum, of histograms too.
-- The key begins with time, so that what is written together lies together.
CREATE TABLE usage_rollups (
    step text COLLATE "C" NOT NULL,
    start timestamptz NOT NULL,
    application_id uuid NOT NULL,
    key_id uuid NOT NULL,
    route text COLLATE "C" NOT NULL,
    status bigint NOT NULL,
    requests bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    -- Requests by logarithmic class of latency, see control/src/usage/latency.rs.
    latency text COLLATE "C" NOT NULL,
    PRIMARY KEY (step, start, application_id, key_id, route, status)
);

-- The hours and days of usage_rollups summed up: of an application, a tenant, a product, a status, or all.
-- Of a status and of all there are minutes too.
CREATE TABLE usage_sums (
    kind text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    -- Application, tenant or product; nil for the others.
    target uuid NOT NULL,
    start timestamptz NOT NULL,
    status bigint NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    server_errors bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    latency text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, step, target, start, status)
);

-- Calls that were refused, by the hour; best effort and never billed.
CREATE TABLE usage_refusals (
    application_id uuid NOT NULL,
    start timestamptz NOT NULL,
    code text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    PRIMARY KEY (application_id, start, code)
);
CREATE INDEX usage_refusals_start ON usage_refusals (start);

-- Intervals that begin before `until` are summed up from finer ones; minutes are packed once more.
CREATE TABLE usage_marks (
    step text COLLATE "C" PRIMARY KEY,
    until timestamptz NOT NULL
);
INSERT INTO usage_marks (step, until) VALUES ('minute', '1970-01-01T00:00:00+00:00'), ('hour', '1970-01-01T00:00:00+00:00'), ('day', '1970-01-01T00:00:00+00:00');

CREATE TABLE quota_usage (
    subscription_id uuid NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (subscription_id, period_start)
);

-- Alerts that so much of a quota is used: one for each period, and again for another plan.
CREATE TABLE quota_alerts (
    subscription_id uuid NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    plan_version_id uuid NOT NULL REFERENCES plan_versions (id),
    percent bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, period_start, plan_version_id, percent)
);

-- Units of quotas that a replica's gateway may use and has not handed over as used.
CREATE TABLE quota_leases (
    subscription_id uuid NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    replica uuid NOT NULL,
    units bigint NOT NULL CHECK (units >= 0),
    PRIMARY KEY (subscription_id, period_start, replica)
);
CREATE INDEX quota_leases_replica ON quota_leases (replica);

-- Gateways that share this database; each says every few seconds that it lives.
CREATE TABLE replicas (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

-- Up to where each file of a gateway's usage journal is counted: the same part twice changes nothing.
CREATE TABLE usage_segments (
    id uuid PRIMARY KEY,
    replica uuid NOT NULL,
    position bigint NOT NULL,
    accepted_at timestamptz NOT NULL
);

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    payload jsonb NOT NULL,
    status text COLLATE "C" NOT NULL,
    run_at timestamptz NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    lease_token uuid,
    last_error text COLLATE "C",
    created_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, target) WHERE status = 'queued';
-- One job at a time works on a thing.
CREATE UNIQUE INDEX jobs_running ON jobs (target) WHERE status = 'running';
CREATE INDEX jobs_due ON jobs (status, run_at);

CREATE TABLE mails (
    id uuid PRIMARY KEY,
    recipient text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    body_text text COLLATE "C" NOT NULL,
    body_html text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    error text COLLATE "C",
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);

-- What a tenant's members are told; each reads it for themselves.
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    link text COLLATE "C",
    created_at timestamptz NOT NULL
);
CREATE INDEX notifications_tenant ON notifications (tenant_id, id);
CREATE INDEX notifications_created ON notifications (created_at);

CREATE TABLE notification_reads (
    notification_id uuid NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (notification_id, user_id)
);

CREATE TABLE audit_entries (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    tenant_id uuid,
    actor_id uuid,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    target_kind text COLLATE "C" NOT NULL,
    target_id text COLLATE "C" NOT NULL,
    target_name text COLLATE "C" NOT NULL,
    before_state jsonb,
    after_state jsonb,
    address text COLLATE "C"
);
CREATE INDEX audit_tenant ON audit_entries (tenant_id, id);

CREATE TABLE settings (
    name text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL,
    updated_at timestamptz NOT NULL
);

-- One row: how far business time is ahead of the system's clock.
CREATE TABLE test_clock (
    id bigint PRIMARY KEY CHECK (id = 1),
    ahead_seconds bigint NOT NULL
);
INSERT INTO test_clock (id, ahead_seconds) VALUES (1, 0);

-- One row, incremented by every transaction that changes what the gateway may answer.
CREATE TABLE grant_epoch (
    id bigint PRIMARY KEY CHECK (id = 1),
    epoch bigint NOT NULL
);
INSERT INTO grant_epoch (id, epoch) VALUES (1, 0);

-- What changed at which epoch: scope is key, application, subscription, tenant or catalogue.
CREATE TABLE grant_changes (
    epoch bigint NOT NULL,
    scope text COLLATE "C" NOT NULL,
    target uuid,
    at timestamptz NOT NULL
);
CREATE INDEX grant_changes_epoch ON grant_changes (epoch);

CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    status bigint,
    response_sealed bytea,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key_hash)
);
CREATE INDEX idempotency_expiry ON idempotency_keys (expires_at);
