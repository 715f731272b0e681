/*
 * control/parse.h - jansson, for reading only.
 *
 * base/json.h and jansson both have a json_string(): whoever includes this must not include that,
 * and must not call it.
 */
#ifndef EXFILD_SRC_CONTROL_PARSE_H
#define EXFILD_SRC_CONTROL_PARSE_H

#include <jansson.h>

#pragma GCC poison json_string

#endif
