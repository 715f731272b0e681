/* never, machine: what this machine depends on, from files as they are on real ones. */
#include <sys/stat.h>

#include "../../../src/responder/machine.h"
#include "never_list.h"

static char root[64];

static void put(const char *path, const char *text)
{
	char whole[256], command[600];
	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	(void)snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", whole);
	assert_int_equal(system(command), 0);
	FILE *f = fopen(whole, "w");
	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static int begin(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/exfild-never-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];
	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void the_machines_files_are_read(void **state)
{
	struct never n;
	(void)state;
	put("/proc/net/route", "Iface\tDestination\tGateway \tFlags\n"
			       "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
			       "eth0\t0001A8C0\t00000000\t0001\n");
	put("/proc/net/ipv6_route", "00000000000000000000000000000000 00 "
				    "00000000000000000000000000000000 00 "
				    "20010db8000000000000000000000001 00000400 1 0 3 eth0\n"
				    "short line\n");
	put("/etc/resolv.conf", "# a comment\nnameserver 192.0.2.53\nsearch example.com\n");
	put("/run/systemd/netif/leases/2", "ADDRESS=192.168.1.9\nSERVER_ADDRESS=192.168.1.5\n"
					   "DNS=192.0.2.54 192.0.2.55\nNTP=192.0.2.123\n");
	put("/var/lib/dhcp/dhclient.leases",
	    "lease {\n  option dhcp-server-identifier 192.0.2.67;\n}\n");
	put("/etc/chrony/chrony.conf", "server 192.0.2.124 iburst\npool example.org\n");
	put("/etc/chrony/sources.d/own.sources", "pool 192.0.2.125 iburst\n");
	put("/etc/ntpsec/ntp.conf", "pool 2001:db8::7b iburst\npeer 192.0.2.126\n");
	put("/etc/openntpd/ntpd.conf", "# server 192.0.2.99\nservers 192.0.2.127\n");
	put("/etc/systemd/timesyncd.conf.d/own.conf", "[Time]\nNTP=time.example.org 192.0.2.128\n");
	protect_some(&n);
	never_refresh(&n, root);
	assert_true(n.is_whole);
	static const struct {
		const char *address, *why;
	} those[] = { { "192.168.1.1", "gateway" },     { "2001:db8::1", "gateway" },
		      { "192.0.2.53", "resolver" },     { "192.0.2.54", "resolver" },
		      { "192.0.2.55", "resolver" },     { "192.168.1.5", "DHCP" },
		      { "192.0.2.125", "time server" }, { "2001:db8::7b", "time server" },
		      { "192.0.2.126", "time server" }, { "192.0.2.127", "time server" },
		      { "192.0.2.128", "time server" }, { "192.0.2.67", "DHCP" },
		      { "192.0.2.123", "time server" }, { "192.0.2.124", "time server" },
		      { "127.0.0.1", "loopback" },      { "10.9.0.1", "quarantine.never" } };
	for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++) {
		struct ipaddr a = address(those[i].address);
		const char *why = never_why(&n, &a);
		assert_non_null(why);
		assert_non_null(strstr(why, those[i].why));
	}
	struct ipaddr other = address("192.168.1.9");
	assert_null(never_why(&n, &other));
	never_deinit(&n);
}

static void without_routes_nothing_is_cut_off(void **state)
{
	struct never n;
	struct ipaddr a = address("192.168.1.9");
	(void)state;
	protect_some(&n);
	never_refresh(&n, root);
	assert_false(n.is_whole);
	assert_non_null(never_why(&n, &a));
	never_deinit(&n);
}

static void a_full_list_cuts_nobody_off(void **state)
{
	struct never n;
	struct prefix p;
	struct ipaddr a = address("192.168.1.9");
	(void)state;
	put("/proc/net/route", "Iface\tDestination\tGateway\n");
	protect_some(&n);
	assert_int_equal(prefix_parse("10.10.0.0/16", &p), 0);
	for (int i = 0; i < NEVER_ENTRIES; i++)
		never_add(&n, &p, "in quarantine.never");
	never_refresh(&n, root);
	assert_non_null(strstr(never_why(&n, &a), "could not be read whole"));
	never_deinit(&n);
}

static void roles_are_learnt_up_to_a_cap(void **state)
{
	struct never n;
	char text[32];
	(void)state;
	put("/proc/net/route", "Iface\tDestination\tGateway\n");
	protect_some(&n);
	for (int i = 0; i < NEVER_LEARNT; i++) {
		(void)snprintf(text, sizeof(text), "10.20.%d.%d", i / 250, i % 250);
		struct ipaddr a = address(text);
		assert_true(never_protect(&n, &a, "domain controller"));
		assert_true(never_protect(&n, &a, "domain controller")); /* takes no second place */
	}
	struct ipaddr more = address("10.21.0.1"), first = address("10.20.0.0");
	assert_false(never_protect(&n, &more, "backup"));
	never_refresh(&n, root);
	assert_non_null(strstr(never_why(&n, &first), "domain controller"));
	assert_null(never_why(&n, &more));
	never_deinit(&n);
}

static void it_forwards_or_it_does_not(void **state)
{
	(void)state;
	assert_false(machine_forwards(root));
	put("/proc/sys/net/ipv4/ip_forward", "0\n");
	assert_false(machine_forwards(root));
	put("/sys/class/net/br0/bridge/id", "8000\n");
	assert_true(machine_forwards(root));
	put("/proc/sys/net/ipv4/ip_forward", "1\n");
	assert_true(machine_forwards(root));
}

static void what_is_noted_holds_until_the_machine_is_read_anew(void **state)
{
	struct never n;
	struct ipaddr a = address("198.51.100.123"), comment = address("192.0.2.99");
	(void)state;
	put("/proc/net/route", "Iface\tDestination\tGateway\n");
	put("/etc/openntpd/ntpd.conf", "# server 192.0.2.99\n");
	protect_some(&n);
	never_refresh(&n, root);
	assert_null(never_why(&n, &comment));
	assert_null(never_why(&n, &a));
	never_note(&n, &a, "a time server that this machine asks");
	assert_non_null(strstr(never_why(&n, &a), "time server"));
	never_refresh(&n, root);
	assert_null(never_why(&n, &a));
	never_deinit(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_machines_files_are_read, begin, end),
		cmocka_unit_test_setup_teardown(without_routes_nothing_is_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(a_full_list_cuts_nobody_off, begin, end),
		cmocka_unit_test_setup_teardown(roles_are_learnt_up_to_a_cap, begin, end),
		cmocka_unit_test_setup_teardown(what_is_noted_holds_until_the_machine_is_read_anew,
						begin, end),
		cmocka_unit_test_setup_teardown(it_forwards_or_it_does_not, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
