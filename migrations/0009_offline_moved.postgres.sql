-- What waited for accounts that were offline waits as all messages do, under the
-- ids that it had: they are below all others.
INSERT INTO messages (account, id, outgoing, peer, peer_resource, received, sender, recipient,
    stanza_id, origin_id, type, lang, payload, listed)
SELECT account, id, FALSE, split_part(sender, '/', 1), '', received, sender, recipient,
    stanza_id, '', type, lang, payload, FALSE FROM offline_messages;
INSERT INTO undelivered (account, id, listed) SELECT account, id, FALSE FROM offline_messages;
DROP TABLE offline_messages;
ALTER TABLE accounts DROP COLUMN offline_count;
ALTER TABLE accounts DROP COLUMN offline_prior;
ALTER TABLE accounts DROP COLUMN offline_last;
