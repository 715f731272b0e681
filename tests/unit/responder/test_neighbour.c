/* neighbour, ruleset: which addresses are one host, and what nftables is told. */
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "../../../src/responder/neighbour.h"
#include "../../../src/responder/ruleset.h"
#include "never_list.h"

static const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 }, other_mac[6] = { 2, 0, 0, 0, 0, 2 };

/* One RTM_NEWNEIGH as the kernel sends it; its length. */
static size_t put_neighbour(uint8_t *at, const char *ip, const uint8_t mac[6], uint16_t flags)
{
	struct ipaddr a = address(ip);
	bool is_v4 = ipaddr_is_v4(&a);
	size_t size = is_v4 ? 4 : 16;
	struct ndmsg head = { .ndm_family = is_v4 ? 2 : 10, .ndm_state = flags };
	struct rtattr to = { .rta_len = (uint16_t)(sizeof(to) + size), .rta_type = NDA_DST },
		      link = { .rta_len = sizeof(link) + 6, .rta_type = NDA_LLADDR };
	size_t len = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(head)) + RTA_ALIGN(to.rta_len) +
		     RTA_ALIGN(link.rta_len);
	struct nlmsghdr h = { .nlmsg_len = (uint32_t)len, .nlmsg_type = RTM_NEWNEIGH };
	memset(at, 0, len);
	memcpy(at, &h, sizeof(h));
	at += NLMSG_HDRLEN;
	memcpy(at, &head, sizeof(head));
	at += NLMSG_ALIGN(sizeof(head));
	memcpy(at, &to, sizeof(to));
	memcpy(at + sizeof(to), a.u.b + (is_v4 ? 12 : 0), size);
	at += RTA_ALIGN(to.rta_len);
	memcpy(at, &link, sizeof(link));
	memcpy(at + sizeof(link), mac, 6);
	return len;
}

static size_t message(uint8_t data[512])
{
	size_t len = put_neighbour(data, "10.1.1.1", own_mac, NUD_REACHABLE);
	len += put_neighbour(data + len, "2001:db8::5", own_mac, NUD_STALE);
	len += put_neighbour(data + len, "10.1.1.9", other_mac, NUD_FAILED);
	return len;
}

static void each_length_is_read_safely(void **state)
{
	uint8_t data[512];
	struct neighbour list[8];
	bool is_done;
	(void)state;
	size_t len = message(data);
	assert_int_equal(neighbour_parse(data, len, list, 0, 8, &is_done), 2);
	assert_false(is_done);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1); /* for the sanitizer: not a byte more */
		memcpy(copy, data, cut);
		assert_true(neighbour_parse(copy, cut, list, 0, 8, &is_done) <= 2);
		free(copy);
	}
	assert_int_equal(neighbour_parse(data, len, list, 0, 1, &is_done), 1);
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			data[i] ^= (uint8_t)(1u << bit);
			assert_true(neighbour_parse(data, len, list, 0, 8, &is_done) <= 3);
			data[i] ^= (uint8_t)(1u << bit);
		}
}

static struct host_names names_of(const struct neighbour *list, size_t count, const char *host,
				  const uint8_t *known)
{
	struct never n;
	struct host_names names;
	struct ipaddr a = address(host);
	protect_some(&n);
	neighbour_names(list, count, &n, &a, known, &names);
	never_deinit(&n);
	return names;
}

static struct neighbour at(const char *ip, const uint8_t mac[6])
{
	struct neighbour n = { .address = address(ip) };
	memcpy(n.mac, mac, 6);
	return n;
}

static void a_host_is_all_addresses_of_its_mac(void **state)
{
	struct neighbour list[8] = { at("10.1.1.1", own_mac), at("2001:db8::5", own_mac),
				     at("fe80::5", own_mac), at("10.1.1.7", other_mac) };
	(void)state;
	struct host_names names = names_of(list, 4, "10.1.1.1", NULL);
	assert_true(names.has_mac && names.count == 1);
	assert_memory_equal(names.mac, own_mac, 6);
	struct ipaddr six = address("2001:db8::5");
	assert_true(ipaddr_equal(&names.addresses[0], &six));
	assert_false(names_of(list, 4, "10.1.1.99", NULL).has_mac); /* not on the link */
	/* nor in the table any more, but it had that MAC */
	assert_true(names_of(list, 4, "10.1.1.99", own_mac).count == 2);
	/* one of its addresses is protected: nothing by MAC */
	list[4] = at("10.9.0.1", own_mac);
	assert_false(names_of(list, 5, "10.1.1.1", NULL).has_mac);
	assert_false(names_of(list, 5, "10.1.1.99", own_mac).has_mac);
	/* many IPv4 addresses: a router, or a server of others */
	for (int i = 0; i < 4; i++) {
		char ip[32];
		(void)snprintf(ip, sizeof(ip), "10.1.2.%d", i);
		list[4 + i] = at(ip, other_mac);
	}
	assert_false(names_of(list, 8, "10.1.2.0", NULL).has_mac);
	static const uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 1 }, none[6];
	list[0] = at("10.1.1.1", group);
	assert_false(names_of(list, 1, "10.1.1.1", NULL).has_mac);
	list[0] = at("10.1.1.1", none);
	assert_false(names_of(list, 1, "10.1.1.1", NULL).has_mac);
}

static void what_nft_is_told(void **state)
{
	struct quarantine_entry e = { .host = address("10.1.1.1"), .until_s = 160, .has_mac = 1 };
	struct host_names names = { .count = 1, .addresses = { address("2001:db8::5") } };
	struct buf out;
	(void)state;
	memcpy(e.mac, own_mac, 6);
	buf_init(&out, 65536);
	ruleset_add(&out, &e, &names, 100, false);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "add element inet exfild host4 { 10.1.1.1 timeout 60s }"));
	assert_non_null(
		strstr(out.data, "add element inet exfild host6 { 2001:db8::5 timeout 60s }"));
	assert_non_null(strstr(out.data, "hostmac { 02:00:00:00:00:01 timeout 60s }"));
	assert_null(strstr(out.data, "bridge"));
	buf_reset(&out);
	e.kind = QUARANTINE_PAIR;
	e.peer = address("203.0.113.9");
	ruleset_add(&out, &e, NULL, 200, true); /* over already: it ends at once, not never */
	buf_char(&out, '\0');
	assert_non_null(strstr(
		out.data, "add element bridge exfild pair4 { 10.1.1.1 . 203.0.113.9 timeout 1s }"));
	assert_null(strstr(out.data, "hostmac"));
	buf_reset(&out);
	ruleset_empty(&out, true);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "flush set inet exfild hostmac"));
	assert_non_null(strstr(out.data, "flush set bridge exfild slow6"));
	buf_reset(&out);
	e.kind = QUARANTINE_SLOW;
	e.host = address("2001:db8::5");
	ruleset_add(&out, &e, NULL, 100, false);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "slow6 { 2001:db8::5 timeout 60s }"));
	buf_reset(&out);
	ruleset_create(&out, 256, true);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "size 2048"));
	assert_non_null(strstr(out.data, "table bridge exfild"));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_length_is_read_safely),
		cmocka_unit_test(a_host_is_all_addresses_of_its_mac),
		cmocka_unit_test(what_nft_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
