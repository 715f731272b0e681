/*
 * config/schema.c - every key of the configuration.
 *
 * One line a key.  A default is written as one would write it in a file and goes through the same
 * checks.  docs/man/exfild.yaml.5 and docs/exfild.yaml are held against these tables by a test.
 */
#include "schema.h"

/* Where a key's value lives: in struct config, or in an element of a list. */
#define IN(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)
#define AT(field)       IN(struct config, field)
#define COUNT(field)    .extra = offsetof(struct config, field)

#define DAY_S 86400

static const struct key sensor_keys[] = {
	{ "name", KEY_TEXT, KEY_RESTART, AT(sensor.name), .max = 63, .def = "", .check = check_name,
	  .help = "Name of this sensor in alerts (observer.name). Empty: the host's name when live, "
		  "exfild in a replay." },
	{ "timezone", KEY_TEXT, KEY_RESTART, AT(sensor.timezone), .min = 1, .max = 63, .def = "UTC",
	  .check = check_timezone,
	  .help = "Time zone of working hours and calendars, as in Europe/Berlin. Alerts always "
		  "carry UTC." },
	{ .name = NULL },
};

static const struct key interface_keys[] = {
	{ "name", KEY_TEXT, KEY_REQUIRED, IN(struct config_interface, name), .min = 1, .max = 15,
	  .check = check_interface, .help = "The network interface." },
	{ "side", KEY_CHOICE, IN(struct config_interface, side), .def = "auto",
	  .values = "auto|inside|outside",
	  .help = "Which side of the gateway it faces. auto: outside if it holds the default "
		  "route." },
	{ .name = NULL },
};

static const struct key capture_keys[] = {
	{ "interfaces", KEY_MAPS, KEY_AUTO | KEY_RESTART, AT(capture.interfaces),
	  COUNT(capture.interface_count), .max = 64, .def = "auto", .keys = interface_keys,
	  .element = sizeof(struct config_interface),
	  .place = offsetof(struct config_interface, place),
	  .help = "Where to listen when live. auto: each inside interface once, a bridge before "
		  "its ports." },
	{ "filter", KEY_TEXT, KEY_RESTART, AT(capture.filter), .max = 4096, .def = "",
	  .help = "Only packets that match this BPF expression are seen." },
	{ "workers", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(capture.workers), .min = 1, .max = 64,
	  .def = "auto", .help = "Threads that take packets apart. auto: half the cores." },
	{ "buffer_mb", KEY_NUMBER, KEY_RESTART, AT(capture.buffer_mb), .min = 1, .max = 16384,
	  .def = "64",
	  .help = "Buffer between the kernel and exfild, of all interfaces together, in MB." },
	{ .name = NULL },
};

static const struct key zone_keys[] = {
	{ "name", KEY_TEXT, KEY_REQUIRED, IN(struct config_zone, name), .min = 1, .max = 63,
	  .check = check_name, .help = "Name of the zone; zone:NAME means it elsewhere." },
	{ "prefixes", KEY_PREFIXES, KEY_REQUIRED, IN(struct config_zone, prefixes),
	  .extra = offsetof(struct config_zone, prefix_count),
	  .help = "Its addresses, IPv4 and IPv6." },
	{ "vni", KEY_NUMBER, IN(struct config_zone, vni),
	  .extra = offsetof(struct config_zone, has_vni), .max = 16777215,
	  .help = "VXLAN or Geneve network it lives in: equal addresses in two networks are two "
		  "hosts." },
	{ "vlan", KEY_NUMBER, IN(struct config_zone, vlan), .min = 1, .max = 4094,
	  .help = "802.1Q network it is: of zones with equal addresses the one that packets are "
		  "tagged for." },
	{ "model", KEY_CHOICE, IN(struct config_zone, model), .values = "private|iaas|paas|saas",
	  .help = "Who runs the machines; alerts say from it whose turn it is." },
	{ "owner", KEY_TEXT, IN(struct config_zone, owner), .max = 63,
	  .help = "Who answers for the zone." },
	{ "data", KEY_TEXT, IN(struct config_zone, data), .max = 31,
	  .help = "What kind of data lives there: internal, pii." },
	{ "tags", KEY_TEXTS, IN(struct config_zone, tags),
	  .extra = offsetof(struct config_zone, tag_count), .min = 1, .max = 63,
	  .help = "Free words for policies, such as crown-jewels." },
	{ "calendar", KEY_TEXT, IN(struct config_zone, calendar), .max = 63,
	  .help = "When its people work, by the name of one of calendars. None: the one named "
		  "default." },
	{ .name = NULL },
};

static const struct key calendar_keys[] = {
	{ "name", KEY_TEXT, KEY_REQUIRED, IN(struct config_calendar, name), .min = 1, .max = 63,
	  .check = check_name,
	  .help = "Name of the calendar; default is that of every zone which names none." },
	{ "days", KEY_TEXTS, IN(struct config_calendar, days),
	  .extra = offsetof(struct config_calendar, day_count), .def = "[mon, tue, wed, thu, fri]",
	  .check = check_day, .max = 15, .help = "Days of the week that are worked on." },
	{ "hours", KEY_TEXT, IN(struct config_calendar, hours), .def = "08:00-18:00", .max = 11,
	  .check = check_hours,
	  .help = "Hours that are worked in, by the clock of sensor.timezone; 22:00-06:00 are those "
		  "of the night." },
	{ "holidays", KEY_TEXTS, IN(struct config_calendar, holidays),
	  .extra = offsetof(struct config_calendar, holiday_count), .def = "[]", .max = 10,
	  .check = check_holiday,
	  .help = "Days that are not worked on: 2026-04-03, or 12-25 of each year." },
	{ .name = NULL },
};

static const struct key limit_keys[] = {
	{ "memory_mb", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.memory_mb), .min = 96,
	  .max = 1048576, .def = "auto",
	  .help = "Memory for everything when it listens, in MB, at worst. auto: a quarter of "
		  "what the machine or its control group gives, from 96 to 1024." },
	{ "flows", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.flows), .min = 1024,
	  .max = 16777216, .def = "auto", .help = "Flows followed at once. auto: by memory." },
	{ "hosts", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.hosts), .min = 256, .max = 4194304,
	  .def = "auto", .help = "Hosts remembered. auto: by memory." },
	{ "pairs", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.pairs), .min = 1024,
	  .max = 16777216, .def = "auto",
	  .help = "Pairs of host and peer remembered. auto: by memory." },
	{ "undecided", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.undecided), .min = 1024,
	  .max = 4194304, .def = "65536",
	  .help = "Flows whose protocol is still being found out at once. Listening: at most "
		  "that, and by memory." },
	{ "disk_mb", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(limits.disk_mb), .min = 16,
	  .max = 1048576, .def = "2048",
	  .help = "Disk for state, spool, evidence, usage and ledger together, in MB." },
	{ .name = NULL },
};

static const struct key detector_keys[] = {
	{ "enabled", KEY_BOOL, IN(struct config_section, enabled), .def = "true",
	  .help = "Does this detector judge at all?" },
	{ .name = NULL },
};

static const struct key identity_keys[] = {
	{ "file", KEY_PATH, AT(identity.file), .max = 4095, .def = "",
	  .help = "Which machine and user has an address, as CSV (address,host,user,ttl,since) or a "
		  "JSON object a line; read again when it changes. Empty: none." },
	{ "ttl", KEY_DURATION, AT(identity.ttl_s), .min = 60, .max = 366ull * DAY_S, .def = "8h",
	  .help = "How long an entry holds that does not say so itself." },
	{ .name = NULL },
};

static const struct key geo_keys[] = {
	{ "country", KEY_PATH, AT(geo.country), .max = 4095, .def = "",
	  .help = "Database of countries in MaxMind's format, such as GeoLite2-Country.mmdb; as "
		  "large in memory. Empty: none." },
	{ "as", KEY_PATH, AT(geo.as), .max = 4095, .def = "",
	  .help = "Database of network operators (AS) in that format, such as GeoLite2-ASN.mmdb. "
		  "Empty: none." },
	{ .name = NULL },
};

static const struct key signature_keys[] = {
	{ "directories", KEY_PATHS, AT(signatures.directories), COUNT(signatures.directory_count),
	  .min = 1, .max = 4095, .def = "[/usr/share/exfild/signatures, /etc/exfild/signatures]",
	  .help = "Folders of Sigma rules, with all below them; exfild-rules(7). The first one stands "
		  "for the rules that exfild ships." },
	{ .name = NULL },
};

static const struct key feed_keys[] = {
	{ "name", KEY_TEXT, KEY_REQUIRED, IN(struct config_feed, name), .min = 1, .max = 63,
	  .check = check_name, .help = "Name of the feed; alerts carry it as intel:NAME." },
	{ "file", KEY_PATH, KEY_REQUIRED, IN(struct config_feed, file), .min = 1, .max = 4095,
	  .help = "File with the indicators; read again when it changes." },
	{ "format", KEY_CHOICE, IN(struct config_feed, format), .def = "auto",
	  .values = "auto|plain|csv|stix|misp|zeek|suricata|rpz|hosts",
	  .help = "How it is written. auto: by its content." },
	{ "type", KEY_CHOICE, IN(struct config_feed, type), .def = "auto",
	  .values = "auto|address|domain|url|file|certificate|ja3|ja4|hassh|user_agent|email",
	  .help = "What its values are, where their form could mean several things. auto: 32, 40 "
		  "or 64 digits of hexadecimal are a file's hash." },
	{ "confidence", KEY_NUMBER, IN(struct config_feed, confidence), .max = 100, .def = "80",
	  .help = "How far to trust an indicator that does not say so itself, in percent." },
	{ "severity", KEY_CHOICE, IN(struct config_feed, severity), .def = "auto",
	  .values = "auto|low|medium|high|critical",
	  .help = "How bad an indicator is that does not say so itself: the severity of its alerts. auto: "
		  "by confidence." },
	{ "expires", KEY_DURATION, IN(struct config_feed, expires_s), .min = 60,
	  .max = 3650ull * DAY_S, .def = "30d",
	  .help = "Age at which an indicator that does not say so itself is forgotten." },
	{ "subdomains", KEY_BOOL, IN(struct config_feed, subdomains), .def = "false",
	  .help = "Does a bare domain mean all names below it as well, as *.NAME always does?" },
	{ .name = NULL },
};

static const struct key intel_keys[] = {
	{ "feeds", KEY_MAPS, KEY_JOINED | KEY_UNIQUE, AT(intel.feeds), COUNT(intel.feed_count),
	  .max = 1024, .def = "[]", .keys = feed_keys, .element = sizeof(struct config_feed),
	  .place = offsetof(struct config_feed, place),
	  .help = "Files of known bad addresses, names, hashes and fingerprints." },
	{ "max_indicators", KEY_NUMBER, KEY_AUTO | KEY_RESTART, AT(intel.max_indicators),
	  .min = 1000, .max = 20000000, .def = "auto",
	  .help = "Indicators of all feeds together; more are left out, and said. auto: by "
		  "memory, a million at most when it listens." },
	{ "allow", KEY_PEERS, AT(intel.allow), COUNT(intel.allow_count), .def = "[]",
	  .help = "Addresses, prefixes and domains (with all names below) that no feed may call bad." },
	{ "pages", KEY_BOOL, AT(intel.pages), .def = "false",
	  .help = "Hash what pages of the web are made of as well (HTML, scripts, style sheets, data), "
		  "also where it is larger than 16 kB." },
	{ .name = NULL },
};

static const struct key service_keys[] = {
	{ "files", KEY_PATHS, AT(services.files), COUNT(services.file_count), .min = 1, .max = 4095,
	  .def = "[]", .help = "Your own service catalogues, on top of the one that is shipped." },
	{ "sanctioned", KEY_TEXTS, AT(services.sanctioned), COUNT(services.sanctioned_count),
	  .min = 1, .max = 63, .def = "[]",
	  .help = "Services that the organisation uses on purpose, by their catalogue name." },
	{ "tolerated", KEY_TEXTS, AT(services.tolerated), COUNT(services.tolerated_count), .min = 1,
	  .max = 63, .def = "[]",
	  .help = "Services that the organisation puts up with: alerts and policies say so, and "
		  "nothing is excused by it." },
	{ "tenants", KEY_TENANTS, AT(services.tenants), COUNT(services.tenant_count), .min = 1,
	  .max = 253, .def = "{}",
	  .help = "The organisation's own names within a service; any other tenant is foreign." },
	{ .name = NULL },
};

static const struct key content_keys[] = {
	{ "markings", KEY_TEXTS, KEY_RESTART, AT(content.markings), COUNT(content.marking_count),
	  .min = 3, .max = 120, .def = "[]",
	  .help = "Words by which your documents say that they are not to leave, as whole words, "
		  "letters' case aside." },
	{ "canaries", KEY_TEXTS, KEY_RESTART, AT(content.canaries), COUNT(content.canary_count),
	  .min = 6, .max = 120, .def = "[]",
	  .help = "Texts that you have planted where nobody has a reason to take them: one that is "
		  "sent out in the clear is a high alert at once." },
	{ "fingerprints", KEY_PATHS, AT(content.fingerprints), COUNT(content.fingerprint_count),
	  .min = 1, .max = 4095, .def = "[]",
	  .help = "Sets that exfilctl fingerprint has made of your own documents, tables and "
		  "canaries: files, or folders of .prints. One that changes is read again." },
	{ "fingerprint_key", KEY_PATH, AT(content.fingerprint_key), .max = 4095,
	  .def = "/etc/exfild/fingerprint.key", .help = "The key that those sets were made with." },
	{ .name = NULL },
};

static const struct key policy_keys[] = {
	{ "files", KEY_PATHS, 0, AT(policy.files), COUNT(policy.file_count), .min = 1, .max = 4095,
	  .def = "[/etc/exfild/policy.yaml]",
	  .help = "Sigma rules over alerts that say what to do (docs/POLICY.md)." },
	{ .name = NULL },
};

static const struct key exception_keys[] = {
	{ "source", KEY_PEER, IN(struct config_exception, source),
	  .help = "Who sends: address, prefix, zone:NAME or domain." },
	{ "destination", KEY_PEER, IN(struct config_exception, destination),
	  .help = "Where to: address, prefix, zone:NAME or domain (with all names below it)." },
	{ "port", KEY_NUMBER, IN(struct config_exception, port), .min = 1, .max = 65535,
	  .help = "Port of the destination." },
	{ "rule", KEY_TEXT, IN(struct config_exception, rule), .max = 127,
	  .help = "rule.id of the alerts to be silent about." },
	{ "reason", KEY_TEXT, KEY_REQUIRED, IN(struct config_exception, reason), .min = 1,
	  .max = 1024, .help = "Why this is harmless." },
	{ "expires", KEY_DATE, KEY_REQUIRED, IN(struct config_exception, expires),
	  .help = "The end of the silence; packet time counts." },
	{ .name = NULL },
};

static const struct key alert_keys[] = {
	{ "minimum", KEY_SEVERITY, AT(alerts.minimum), .def = "low", .values = CONFIG_SEVERITIES,
	  .help = "Less severe alerts are not sent." },
	{ "merge", KEY_DURATION, AT(alerts.merge_s), .min = 1, .max = 30ull * DAY_S, .def = "1h",
	  .help = "Findings of one cause within this time are one alert." },
	{ "rate_per_minute", KEY_NUMBER, AT(alerts.rate_per_minute), .max = 1000000, .def = "600",
	  .help = "More alerts a minute are counted, not sent; an alert says so. 0: no limit." },
	{ "rule_per_minute", KEY_NUMBER, AT(alerts.rule_per_minute), .max = 1000000, .def = "120",
	  .help = "The same for the alerts of one rule." },
	{ "format", KEY_CHOICE, AT(alerts.format), .def = "ecs", .values = "ecs|ocsf|eve",
	  .help = "JSON by Elastic Common Schema, OCSF Detection Finding or Suricata EVE." },
	{ .name = NULL },
};

static const struct key signed_keys[] = {
	{ "key_file", KEY_PATH, KEY_RESTART, AT(redis.signed_key_file), .max = 4095, .def = "",
	  .help = "File whose first line is the key that messages are signed with, HMAC-SHA256." },
	{ "window", KEY_DURATION, KEY_RESTART, AT(redis.signed_window_s), .min = 5, .max = 3600,
	  .def = "60s",
	  .help = "A message whose time is further from now than this is refused; so the clocks "
		  "of both ends must agree." },
	{ "intel", KEY_BOOL, KEY_RESTART, AT(redis.signed_intel), .def = "false",
	  .help = "Take indicators from the stream intel: add and remove, at once." },
	{ "identity", KEY_BOOL, KEY_RESTART, AT(redis.signed_identity), .def = "false",
	  .help = "Take from the stream identity which machine and user has an address." },
	{ "quarantine", KEY_BOOL, KEY_RESTART, AT(redis.signed_quarantine), .def = "false",
	  .help = "Take from the stream quarantine:requests whom to cut off or to release; limits and "
		  "never-list are the responder's." },
	{ .name = NULL },
};

static const struct key redis_keys[] = {
	{ "url", KEY_TEXT, AT(redis.url), .max = 1024, .def = "", .check = check_redis_url,
	  .help = "redis://HOST[:PORT][/DB], rediss:// (TLS) or unix:///PATH[?db=N]. Empty: no "
		  "Redis." },
	{ "prefix", KEY_TEXT, AT(redis.prefix), .max = 127,
	  .def = "exfild:", .help = "Begins the name of every key and channel." },
	{ "username", KEY_TEXT, AT(redis.username), .max = 127, .def = "",
	  .help = "ACL user. Empty: the default user." },
	{ "password_file", KEY_PATH, AT(redis.password_file), .max = 4095, .def = "",
	  .help = "File whose first line is the password. Empty: none." },
	{ "stream_maxlen", KEY_NUMBER, AT(redis.stream_maxlen), .min = 100, .max = 1000000000,
	  .def = "100000", .help = "Alerts that the stream keeps, about." },
	{ "channel", KEY_BOOL, AT(redis.channel), .def = "true",
	  .help = "PUBLISH each alert on the channel alerts; only who listens right then gets "
		  "it." },
	{ "stream", KEY_BOOL, AT(redis.stream), .def = "true",
	  .help = "XADD each alert to the stream alerts, which survives until it is read." },
	{ "list", KEY_BOOL, AT(redis.list), .def = "false",
	  .help = "RPUSH each alert to the list alerts:list, for shippers that pop." },
	{ "sentinel", KEY_TEXTS, AT(redis.sentinels), COUNT(redis.sentinel_count), .min = 1,
	  .max = 300, .def = "[]", .check = check_host_port,
	  .help = "Sentinels as HOST:PORT; they name the master in place of the url." },
	{ "sentinel_name", KEY_TEXT, AT(redis.sentinel_name), .min = 1, .max = 127,
	  .def = "mymaster", .help = "What the sentinels call the master." },
	{ "cluster", KEY_BOOL, AT(redis.cluster), .def = "false",
	  .help = "The url names a node of a Redis Cluster; all keys share one hash tag." },
	{ "ca_file", KEY_PATH, AT(redis.ca_file), .max = 4095, .def = "",
	  .help = "Certificates that rediss:// trusts. Empty: those of the system." },
	{ "decisions", KEY_BOOL, KEY_RESTART, AT(redis.decisions), .def = "true",
	  .help = "PUBLISH on the channel quarantine what exfild-responder decides." },
	{ "signed", KEY_MAP, .keys = signed_keys, .help = "What signed messages may tell exfild." },
	{ .name = NULL },
};

static const struct key sink_file_keys[] = {
	{ "path", KEY_PATH, AT(sinks.file_path), .max = 4095, .def = "",
	  .help = "Alerts as JSON lines into this file. Empty: no file." },
	{ "max_mb", KEY_NUMBER, AT(sinks.file_max_mb), .max = 1048576, .def = "0",
	  .help = "A file that has grown to so many MB is moved to PATH.1. 0: never; let logrotate do it." },
	{ .name = NULL },
};

static const struct key sink_syslog_keys[] = {
	{ "url", KEY_TEXT, AT(sinks.syslog_url), .max = 1024, .def = "", .check = check_syslog_url,
	  .help = "udp://HOST[:PORT], tcp://, tls:// or unix:///PATH. Empty: no syslog." },
	{ "format", KEY_CHOICE, AT(sinks.syslog_format), .def = "cef", .values = "cef|json",
	  .help = "What a message holds: CEF, or the JSON of alerts.format." },
	{ "ca_file", KEY_PATH, AT(sinks.syslog_ca_file), .max = 4095, .def = "",
	  .help = "Certificates that tls:// trusts. Empty: those of the system." },
	{ .name = NULL },
};

static const struct key sink_keys[] = {
	{ "file", KEY_MAP, .keys = sink_file_keys, .help = "A file." },
	{ "syslog", KEY_MAP, .keys = sink_syslog_keys, .help = "A syslog server." },
	{ "journal", KEY_BOOL, AT(sinks.journal), .def = "false",
	  .help = "Alerts into the journal, their fields as EXFILD_*." },
	{ .name = NULL },
};

static const struct key spool_keys[] = {
	{ "directory", KEY_PATH, KEY_RESTART, AT(spool.directory), .min = 1, .max = 4095,
	  .def = "/var/lib/exfild/spool", .help = "Alerts wait here until every sink has them." },
	{ .name = NULL },
};

static const struct key evidence_keys[] = {
	{ "directory", KEY_PATH, KEY_RESTART, AT(evidence.directory), .min = 1, .max = 4095,
	  .def = "/var/lib/exfild/evidence", .help = "Folder for the packets behind alerts." },
	{ "kb_per_flow", KEY_NUMBER, KEY_RESTART, AT(evidence.kb_per_flow), .max = 65536,
	  .def = "64", .help = "First kB of a flow that are kept. 0: none." },
	{ "max_mb", KEY_NUMBER, KEY_RESTART, AT(evidence.max_mb), .max = 1048576, .def = "512",
	  .help = "All evidence together, in MB; the oldest goes first." },
	{ .name = NULL },
};

static const struct key quarantine_keys[] = {
	{ "mode", KEY_CHOICE, KEY_RESTART, AT(quarantine.mode), .def = "dry-run",
	  .values = "off|dry-run|enforce",
	  .help = "off: never. dry-run: say what would be done. enforce: do it, by nftables." },
	{ "ttl", KEY_DURATION, KEY_RESTART, AT(quarantine.ttl_s), .min = 10, .max = 30ull * DAY_S,
	  .def = "1h", .help = "How long a host stays cut off." },
	{ "max", KEY_NUMBER, KEY_RESTART, AT(quarantine.max), .min = 1, .max = 65536, .def = "256",
	  .help = "Hosts cut off at once." },
	{ "per_minute", KEY_NUMBER, KEY_RESTART, AT(quarantine.per_minute), .min = 1, .max = 10000,
	  .def = "10", .help = "New ones a minute." },
	{ "never", KEY_PEERS, KEY_NO_DOMAIN | KEY_RESTART, AT(quarantine.never),
	  COUNT(quarantine.never_count), .def = "[]",
	  .help = "Addresses, prefixes and zones that are never cut off." },
	{ "socket", KEY_PATH, KEY_RESTART, AT(quarantine.socket), .min = 1, .max = 107,
	  .def = "/run/exfild-responder/responder.sock",
	  .help = "Where exfild-responder is asked, as policies want it." },
	{ .name = NULL },
};

static const struct key usage_keys[] = {
	{ "database", KEY_PATH, KEY_RESTART, AT(usage.database), .max = 4095,
	  .def = "/var/lib/exfild/usage.db",
	  .help = "SQLite database of who used which service, and how much, written each hour. The "
		  "default goes with state.directory. Empty: nothing is counted." },
	{ "keep_days", KEY_NUMBER, KEY_RESTART, AT(usage.keep_days), .min = 1, .max = 3650,
	  .def = "90", .help = "Days until a row is deleted; hours become days after eight." },
	{ "per_user", KEY_BOOL, KEY_RESTART, AT(usage.per_user), .def = "false",
	  .help = "Count by user where one is known, as privacy.users has it, not by host only." },
	{ .name = NULL },
};

static const struct key keep_keys[] = {
	{ "lookback", KEY_NUMBER, 0, AT(privacy.lookback_days), .min = 0, .max = 3650, .def = "14",
	  .help = "Days that it is remembered who talked to whom, to look back when an indicator "
		  "arrives. 0: nothing is." },
	{ "baselines", KEY_NUMBER, KEY_LATER, AT(privacy.baselines_days), .min = 1, .max = 3650,
	  .def = "90", .help = "Days after which a host not seen again is forgotten." },
	{ "evidence", KEY_NUMBER, KEY_RESTART, AT(privacy.evidence_days), .min = 1, .max = 3650,
	  .def = "7", .help = "Days that packets behind alerts are kept." },
	{ .name = NULL },
};

static const struct key privacy_keys[] = {
	{ "users", KEY_CHOICE, KEY_RESTART, AT(privacy.users), .def = "pseudonym",
	  .values = "off|pseudonym|clear",
	  .help = "User names in alerts: none, keyed pseudonyms, or as they are." },
	{ "urls", KEY_CHOICE, KEY_LATER, AT(privacy.urls), .def = "no-query",
	  .values = "full|no-query|host", .help = "How much of a URL is kept." },
	{ "keep_days", KEY_MAP, .keys = keep_keys, .help = "How long things are kept, in days." },
	{ .name = NULL },
};

static const struct key state_keys[] = {
	{ "directory", KEY_PATH, KEY_RESTART, AT(state.directory), .max = 4095,
	  .def = "/var/lib/exfild",
	  .help = "Live, what has been learnt is kept here and read at the next start: names, hosts, "
		  "the sums of detectors, open alerts. Empty: nothing is kept." },
	{ .name = NULL },
};

static const struct key control_keys[] = {
	{ "socket", KEY_PATH, KEY_RESTART, AT(control.socket), .min = 1, .max = 107,
	  .def = "/run/exfild/control.sock", .help = "Where exfilctl finds the daemon." },
	{ .name = NULL },
};

static const struct key metrics_keys[] = {
	{ "listen", KEY_TEXT, KEY_RESTART, AT(metrics.listen), .max = 300, .def = "127.0.0.1:9477",
	  .check = check_listen,
	  .help = "ADDRESS:PORT for Prometheus, in HTTP. Empty: not at all." },
	{ .name = NULL },
};

static const struct key log_keys[] = {
	{ "level", KEY_CHOICE, AT(log.level), .def = "info", .values = "error|warn|info|debug",
	  .help = "Messages about exfild itself; alerts are no log lines." },
	{ "format", KEY_CHOICE, KEY_LATER, AT(log.format), .def = "text", .values = "text|json",
	  .help = "How they look on standard error." },
	{ .name = NULL },
};

const struct key config_keys[] = {
	{ "include", KEY_INCLUDE, .min = 1, .max = 4095,
	  .help = "More files, which speak after this one: a path or a pattern such as "
		  "conf.d/*.yaml, or a list of them, seen from this file's folder." },
	{ "sensor", KEY_MAP, .keys = sensor_keys, .help = "Who watches." },
	{ "capture", KEY_MAP, .keys = capture_keys, .help = "Where packets come from when live." },
	{ "calendars", KEY_MAPS, KEY_JOINED | KEY_UNIQUE, AT(calendars), COUNT(calendar_count),
	  .max = 256, .def = "[]", .keys = calendar_keys, .element = sizeof(struct config_calendar),
	  .place = offsetof(struct config_calendar, place),
	  .help = "When people work, by zone or site, for policies that ask for workday, working_hours and "
		  "holiday." },
	{ "networks", KEY_MAPS, KEY_JOINED | KEY_UNIQUE, AT(zones), COUNT(zone_count), .max = 4096,
	  .def = "[]", .keys = zone_keys, .element = sizeof(struct config_zone),
	  .place = offsetof(struct config_zone, place),
	  .help = "What is inside, as zones; the longest prefix wins. None: private ranges and, "
		  "live, every prefix on or behind an inside interface." },
	{ "limits", KEY_MAP, .keys = limit_keys, .help = "How large exfild may become." },
	{ "detectors", KEY_DETECTORS, .keys = detector_keys,
	  .help = "Each detector's switch and parameters." },
	{ "identity", KEY_MAP, .keys = identity_keys, .help = "Who has which address." },
	{ "geo", KEY_MAP, .keys = geo_keys, .help = "Where an outside address is." },
	{ "signatures", KEY_MAP, .keys = signature_keys, .help = "Rules over events." },
	{ "intel", KEY_MAP, .keys = intel_keys, .help = "Indicators of others." },
	{ "services", KEY_MAP, .keys = service_keys, .help = "Cloud services." },
	{ "content", KEY_MAP, .keys = content_keys, .help = "What is looked for in clear text." },
	{ "policy", KEY_MAP, .keys = policy_keys, .help = "What to do about what is found." },
	{ "exceptions", KEY_MAPS, KEY_JOINED, AT(exceptions), COUNT(exception_count), .max = 65536,
	  .def = "[]", .keys = exception_keys, .element = sizeof(struct config_exception),
	  .place = offsetof(struct config_exception, place),
	  .help = "Silence with a reason and an end. What is not named matches all." },
	{ "alerts", KEY_MAP, .keys = alert_keys, .help = "Which alerts go out, and how." },
	{ "redis", KEY_MAP, .keys = redis_keys, .help = "Alerts to Redis." },
	{ "sinks", KEY_MAP, .keys = sink_keys, .help = "Alerts to other places." },
	{ "spool", KEY_MAP, .keys = spool_keys, .help = "Alerts on their way." },
	{ "evidence", KEY_MAP, .keys = evidence_keys, .help = "Packets behind alerts." },
	{ "quarantine", KEY_MAP, .keys = quarantine_keys, .help = "Cutting a host off." },
	{ "usage", KEY_MAP, .keys = usage_keys, .help = "Who used which service." },
	{ "privacy", KEY_MAP, .keys = privacy_keys, .help = "What is kept about people." },
	{ "state", KEY_MAP, .keys = state_keys, .help = "What outlives the process." },
	{ "control", KEY_MAP, .keys = control_keys, .help = "The control socket." },
	{ "metrics", KEY_MAP, .keys = metrics_keys, .help = "Counters for Prometheus." },
	{ "log", KEY_MAP, .keys = log_keys, .help = "Messages of the daemon." },
	{ .name = NULL },
};
