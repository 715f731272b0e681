/*
 * inspect/mqtt/talk.h - a program that is led over MQTT.
 *
 * What: fed the messages of both directions; marks command lines that come in and what commands
 * print that goes out.  One event_chat at each new mark, and at the 1st, 2nd, 4th, 8th ... message
 * that is marked.  What is said is not kept, but for the first command.
 * Ownership: lies in the inspector's state.  Threads: one shard.
 * Limits: LOOK bytes of a message; MESSAGES that come in before the first command.
 */
#ifndef EXFILD_SRC_INSPECT_MQTT_TALK_H
#define EXFILD_SRC_INSPECT_MQTT_TALK_H

#include "exfild/inspect/inspector.h"

#define MQTT_CLIENT_MAX 32
#define MQTT_TOPIC_MAX  48
#define MQTT_ORDER_MAX  64

struct mqtt_talk {                  /* zeroed at the begin */
	uint64_t order_ns;          /* of the last command, until it is obeyed */
	uint32_t marks, told_marks; /* enum chat_mark */
	uint32_t orders, outputs, obeyed;
	uint32_t said[2];
	uint8_t client_len, topic_len, order_len;
	uint8_t client[MQTT_CLIENT_MAX];
	uint8_t topic[MQTT_TOPIC_MAX]; /* by which the first command came */
	uint8_t order[MQTT_ORDER_MAX];
};

void mqtt_talk_client(struct mqtt_talk *t, const uint8_t *name, size_t len);
/* A message of the packet's side begins. */
void mqtt_talk_topic(struct mqtt_talk *t, const struct inspection *in, const uint8_t *topic,
		     size_t len);
/* The first bytes of its payload. */
void mqtt_talk_take(struct mqtt_talk *t, struct inspection *in, const uint8_t *data, size_t len);
/* Whether what comes in is worth to be looked at. */
bool mqtt_talk_listens(const struct mqtt_talk *t, const struct inspection *in);

#endif
