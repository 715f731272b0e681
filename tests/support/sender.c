/*
 * sender.c - frames onto an interface, as fast as it goes or at a rate.
 *
 * usage: sender INTERFACE flood SECONDS
 *        sender INTERFACE FILE.pcap COUNT RATE
 *
 *   flood       forged SYNs, DNS questions for random names and fragments that never become whole,
 *               in turn, each from another source
 *   FILE.pcap   its frames again and again, COUNT of them, RATE a second
 *
 * Prints how many were sent, and in how many seconds.  Needs CAP_NET_RAW.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH      64
#define FRAME_MAX  65536
#define FLOOD_SIZE 128
#define ETHERNET   14
#define IP         20

struct frames {
	uint8_t *data;
	size_t *at; /* count + 1 offsets */
	size_t count;
};

static uint32_t random_now = 0x12345678;

static uint32_t random_word(void)
{
	random_now ^= random_now << 13;
	random_now ^= random_now >> 17;
	random_now ^= random_now << 5;
	return random_now;
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_interface(const char *name)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET,
				     .sll_ifindex = (int)if_nametoindex(name) };
	int room = 1 << 24;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&where, sizeof(where)) != 0)
		fail(name);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return fd;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void put_ip(uint8_t *p, uint32_t from, uint32_t to, uint8_t proto, uint32_t len,
		   uint32_t fragment)
{
	uint32_t sum = 0;
	memset(p, 0, IP);
	p[0] = 0x45;
	put16(p + 2, len);
	put16(p + 4, random_word() & 0xffff);
	put16(p + 6, fragment);
	p[8] = 64;
	p[9] = proto;
	put32(p + 12, from);
	put32(p + 16, to);
	for (size_t i = 0; i < IP; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(p + 10, ~(sum + (sum >> 16)) & 0xffff);
}

/* The nth frame of the flood; how long. */
static size_t make_flood(uint8_t *f, uint64_t n)
{
	static const uint8_t head[ETHERNET] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 };
	uint8_t *l4 = f + ETHERNET + IP;
	uint32_t inside = 0x0a000000u | (random_word() & 0xffff),
		 outside = 0xcb007100u | (random_word() & 0xff);
	memcpy(f, head, ETHERNET);
	memset(l4, 0, FLOOD_SIZE - ETHERNET - IP);
	put16(l4, 1024 + random_word() % 60000);
	if (n % 3 == 0) { /* SYN from anywhere */
		put16(l4 + 2, 80);
		put32(l4 + 4, random_word());
		l4[12] = 0x50;
		l4[13] = 2;
		put16(l4 + 14, 64240);
		put_ip(f + ETHERNET, random_word(), inside, IPPROTO_TCP, IP + 20, 0);
		return ETHERNET + IP + 20;
	}
	if (n % 3 == 1) { /* a question for XXXXXXXX.XX.test */
		uint8_t *q = l4 + 8;
		put16(l4 + 2, 53);
		put16(l4 + 4, 8 + 12 + 18 + 4);
		put16(q, random_word() & 0xffff);
		put16(q + 2, 0x100);
		put16(q + 4, 1);
		q[12] = 8;
		for (size_t i = 0; i < 8; i++)
			q[13 + i] = (uint8_t)('a' + random_word() % 26);
		q[21] = 2;
		q[22] = (uint8_t)('a' + random_word() % 26);
		q[23] = (uint8_t)('a' + random_word() % 26);
		memcpy(q + 24, "\4test", 6);
		put16(q + 30, 1);
		put16(q + 32, 1);
		put_ip(f + ETHERNET, inside, outside, IPPROTO_UDP, IP + 8 + 34, 0);
		return ETHERNET + IP + 8 + 34;
	}
	put_ip(f + ETHERNET, random_word(), inside, IPPROTO_UDP, IP + 64, 0x2000 | (n / 3 % 8) * 8);
	return ETHERNET + IP + 64;
}

static void send_all(int fd, struct mmsghdr *list, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int n = sendmmsg(fd, list + done, count - done, 0);
		if (n > 0)
			done += (unsigned)n;
	}
}

static void flood(int fd, double seconds)
{
	static uint8_t data[BATCH][FLOOD_SIZE];
	struct iovec parts[BATCH];
	struct mmsghdr list[BATCH] = { 0 };
	double began = seconds_now();
	uint64_t sent = 0;
	for (; seconds_now() - began < seconds; sent += BATCH) {
		for (unsigned i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ data[i], make_flood(data[i], sent + i) };
			list[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		}
		send_all(fd, list, BATCH);
	}
	printf("%llu %.3f\n", (unsigned long long)sent, seconds_now() - began);
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return v;
}

/* A pcap in this machine's byte order. */
static struct frames read_file(const char *path)
{
	struct frames r = { 0 };
	FILE *in = fopen(path, "rb");
	if (!in || fseek(in, 0, SEEK_END) != 0)
		fail(path);
	size_t size = (size_t)ftell(in);
	rewind(in);
	uint8_t *file = malloc(size);
	r.data = malloc(size);
	r.at = malloc((size / 16 + 2) * sizeof(*r.at));
	if (!file || !r.data || !r.at || fread(file, 1, size, in) != size)
		fail(path);
	(void)fclose(in);
	r.at[0] = 0;
	for (size_t at = 24; at + 16 <= size;) {
		uint32_t len = word_at(file + at + 8);
		if (len > FRAME_MAX || len > size - at - 16)
			break;
		memcpy(r.data + r.at[r.count], file + at + 16, len);
		r.at[r.count + 1] = r.at[r.count] + len;
		r.count++;
		at += 16 + len;
	}
	free(file);
	if (!r.count) {
		fprintf(stderr, "%s: no frames\n", path);
		exit(1);
	}
	return r;
}

static void replay(int fd, const char *path, uint64_t count, double rate)
{
	struct frames r = read_file(path);
	struct iovec parts[BATCH];
	struct mmsghdr list[BATCH] = { 0 };
	double began = seconds_now();
	uint64_t sent = 0;
	while (sent < count) {
		unsigned batch = count - sent < BATCH ? (unsigned)(count - sent) : BATCH;
		for (unsigned i = 0; i < batch; i++) {
			size_t n = (sent + i) % r.count;
			parts[i] = (struct iovec){ r.data + r.at[n], r.at[n + 1] - r.at[n] };
			list[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		}
		double late = began + (double)sent / rate - seconds_now();
		if (late > 0.0002) {
			struct timespec pause = { .tv_nsec = (long)(late * 1e9) };
			(void)nanosleep(&pause, NULL);
		}
		send_all(fd, list, batch);
		sent += batch;
	}
	printf("%llu %.3f\n", (unsigned long long)sent, seconds_now() - began);
	free(r.data);
	free(r.at);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[2], "flood") == 0) {
		flood(open_interface(argv[1]), atof(argv[3]));
		return 0;
	}
	if (argc == 5) {
		replay(open_interface(argv[1]), argv[2], strtoull(argv[3], NULL, 10),
		       atof(argv[4]));
		return 0;
	}
	fprintf(stderr,
		"usage: sender INTERFACE flood SECONDS | sender INTERFACE FILE.pcap COUNT RATE\n");
	return 2;
}
