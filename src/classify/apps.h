/*
 * classify/apps.h - nDPI's protocol numbers to exfild's.
 *
 * Threads: any (const table).
 */
#ifndef EXFILD_SRC_CLASSIFY_APPS_H
#define EXFILD_SRC_CLASSIFY_APPS_H

#include <stdint.h>

#include "exfild/event/app.h"

/* The app, else the protocol that carries it, else APP_OTHER; APP_UNKNOWN when both are 0. */
enum app app_from_ndpi(uint16_t master, uint16_t app);

#endif
