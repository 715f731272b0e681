/*
 * fuzz/standalone.c - replays the corpus of a fuzz target without libFuzzer.
 *
 * What: runs every file of the folders on the command line through LLVMFuzzerTestOneInput, each in
 * a buffer of its exact size, so that the address sanitizer sees one byte too far.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	if (!in)
		return -1;
	fseek(in, 0, SEEK_END);
	long size = ftell(in);
	rewind(in);
	uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
	size_t got = data && size > 0 ? fread(data, 1, (size_t)size, in) : 0;
	fclose(in);
	if (data)
		LLVMFuzzerTestOneInput(data, got);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (!dir)
			continue;
		struct dirent *entry;
		while ((entry = readdir(dir))) {
			char path[4096];
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (replay_file(path) == 0)
				count++;
		}
		closedir(dir);
	}
	printf("%u inputs replayed\n", count);
	return 0;
}
