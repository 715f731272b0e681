/*
 * detect/registry.c - the detectors that detectors.def names.
 */
#include "exfild/detect/detector.h"

#define DETECTOR(name) extern const struct detector name##_detector;
#include "detectors.def"
#undef DETECTOR

static const struct detector *const detectors[] = {
#define DETECTOR(name) &name##_detector,
#include "detectors.def"
#undef DETECTOR
	NULL
};

const struct detector *const *detector_list(void)
{
	return detectors;
}
