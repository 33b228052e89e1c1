-- A row is one webhook to be delivered: written in the transaction that gives a job its final state, so that it
-- outlives any agent. Its id is the webhook-id, the same on every try. Any agent may claim it when it is due: a claim
-- raises the fence and gives a lease on the server's clock, so that a dead agent's delivery is taken over, and never more
-- than a few of one receiver are under way, so that a dead receiver holds up nobody else's.
CREATE TABLE @extschema@.cpi_webhook_deliveries (
  id              uuid        NOT NULL DEFAULT gen_random_uuid(),
  job_id          uuid        NOT NULL,
  url             text        NOT NULL,
  receiver        text        NOT NULL GENERATED ALWAYS AS
    (lower(coalesce(substring(url from '^[A-Za-z]+://(?:[^/?#]*@)?([^/?#]*)'), ''))) STORED,
  payload         jsonb       NOT NULL,
  status          text        NOT NULL DEFAULT 'pending',
  attempts        integer     NOT NULL DEFAULT 0,
  delays          integer     NOT NULL DEFAULT 0,
  fence           bigint      NOT NULL DEFAULT 0,
  agent_id        uuid,
  lease_expires_at timestamptz,
  first_attempt_at timestamptz,
  next_attempt_at timestamptz DEFAULT clock_timestamp(),
  last_status     integer,
  last_error      text,
  created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at        timestamptz,
  CONSTRAINT cpi_webhook_deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT cpi_webhook_deliveries_job_exists FOREIGN KEY (job_id)
    REFERENCES @extschema@.cpi_jobs (id) ON DELETE CASCADE,
  CONSTRAINT cpi_webhook_deliveries_status_is_known CHECK (status IN ('pending', 'delivered', 'failed')),
  CONSTRAINT cpi_webhook_deliveries_pending_ones_are_due CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CONSTRAINT cpi_webhook_deliveries_ended_ones_have_a_time CHECK ((status = 'pending') = (ended_at IS NULL)),
  CONSTRAINT cpi_webhook_deliveries_attempts_are_counted CHECK (attempts >= 0 AND delays >= 0),
  CONSTRAINT cpi_webhook_deliveries_only_pending_ones_are_leased CHECK (lease_expires_at IS NULL OR status = 'pending'),
  CONSTRAINT cpi_webhook_deliveries_payload_is_small CHECK (octet_length(payload::text) < 20000)
);
CREATE INDEX cpi_webhook_deliveries_job ON @extschema@.cpi_webhook_deliveries (job_id);
-- What is due for one receiver, fresh ones first; and when anything is due next.
CREATE INDEX cpi_webhook_deliveries_due ON @extschema@.cpi_webhook_deliveries (receiver, delays, next_attempt_at)
  WHERE status = 'pending';
CREATE INDEX cpi_webhook_deliveries_next ON @extschema@.cpi_webhook_deliveries (next_attempt_at) WHERE status = 'pending';
CREATE INDEX cpi_webhook_deliveries_leased ON @extschema@.cpi_webhook_deliveries (receiver, lease_expires_at)
  WHERE lease_expires_at IS NOT NULL;
COMMENT ON TABLE @extschema@.cpi_webhook_deliveries IS 'Webhooks that wait for delivery, and those that have ended.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.id IS 'Identity; the webhook-id, the same on every try.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.job_id IS 'Job whose end is told.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.url IS 'Where to, byte for byte.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.receiver IS 'Host and port of the URL; what is fair is fair among these.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.payload IS 'The body.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.status IS 'pending, delivered or failed (given up).';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.attempts IS 'Tries so far.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.delays IS
  'Growing delays so far; tries that a receiver asked to be repeated at once are not among them.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.fence IS 'Raised by every claim; the result of an older one is void.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.agent_id IS 'Agent that tried last, or is trying.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.lease_expires_at IS
  'Until when the agent that is trying has time; then another may.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.first_attempt_at IS
  'When it was tried first, or first since it was asked for again: giving up is counted from here.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.next_attempt_at IS 'When it is tried next.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.last_status IS 'HTTP status of the last answer.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.last_error IS 'Why the last try failed.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.created_at IS 'When the job ended.';
COMMENT ON COLUMN @extschema@.cpi_webhook_deliveries.ended_at IS 'When it was delivered or given up.';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.cpi_webhook_deliveries', '');
