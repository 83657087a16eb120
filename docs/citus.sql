-- The hub's tables on Citus, distributed by appliance (docs/hub.md, "Storage").
--
-- Run once, after the hub has made its tables (its first start) and before the first entry:
--     psql "$DATABASE" -f docs/citus.sql
-- An upload then writes one appliance's shard, and the shards of the counts. Written from Citus' documentation; Citus is not
-- among Debian's packages: docs/hub.md says what of this was tried, and how. Try it with your version before you rely on it.

BEGIN;
CREATE EXTENSION IF NOT EXISTS citus;

-- An upload is one transaction on one shard: the high-water mark, the log's rows, the tree's states, what is degraded.
-- `device.number` is the distribution column of all of them, and they are co-located.
ALTER TABLE device DROP CONSTRAINT device_id_key;  -- a key must hold the distribution column; hubs enrol one at a time
CREATE INDEX device_id ON device (id);
SELECT create_distributed_table('device', 'number');
SELECT create_distributed_table('entry', 'device', colocate_with => 'device');
SELECT create_distributed_table('sealed', 'device', colocate_with => 'device');
SELECT create_distributed_table('mark', 'device', colocate_with => 'device');
SELECT create_distributed_table('degraded', 'device', colocate_with => 'device');

-- Counts are added up by their owner: a shard of the fleet, a site, an appliance.
SELECT create_distributed_table('tally', 'owner', colocate_with => 'none');

-- Small, read by every query or written by people.
SELECT create_reference_table('site');
SELECT create_reference_table('site_zone');
SELECT create_reference_table('alarm');
SELECT create_reference_table('invitation');
SELECT create_reference_table('person');
SELECT create_reference_table('login');
SELECT create_reference_table('credential');
SELECT create_reference_table('first_address');
SELECT create_reference_table('audit');
SELECT create_reference_table('erasure');
SELECT create_reference_table('guess');
SELECT create_reference_table('browser');
SELECT create_reference_table('last_turn');
SELECT create_reference_table('migration');
COMMIT;
