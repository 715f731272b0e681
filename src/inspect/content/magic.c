/*
 * inspect/content/magic.c - what the first bytes of a file say that it is.
 *
 * Marks as their formats' own documents give them (PKWARE APPNOTE 4.3.7, 7zFormat.txt, RARLAB
 * technote, RFC 1952, 7468, 4880, MS-CFB 2.2, PE/COFF 2.1, SQLite file format 1.3, ...).
 */
#include "magic.h"

#include <string.h>
#include <strings.h>

#include "exfild/base/cursor.h"
#include "exfild/base/sketch.h"

#define ZIP_LOCAL_HEAD 30u
#define ZIP_ENCRYPTED  1u
#define PE_OFFSET_AT   0x3cu
#define PE_OFFSET_MAX  4096u
#define TAR_MARK_AT    257u

struct mark {
	uint16_t at;
	uint8_t len;
	const char *bytes;
	enum file_type type;
};

#define MARK(at, bytes, type)                   \
 {                                              \
  at, (uint8_t)(sizeof(bytes) - 1), bytes, type \
 }

static const struct mark marks[] = {
	MARK(0,
	     "\x7f"
	     "ELF",
	     FILE_EXECUTABLE),
	MARK(0, "\xfe\xed\xfa\xce", FILE_EXECUTABLE), /* Mach-O, 32 and 64 bits, both orders */
	MARK(0, "\xfe\xed\xfa\xcf", FILE_EXECUTABLE),
	MARK(0, "\xce\xfa\xed\xfe", FILE_EXECUTABLE),
	MARK(0, "\xcf\xfa\xed\xfe", FILE_EXECUTABLE),
	MARK(0, "\xca\xfe\xba\xbe", FILE_EXECUTABLE), /* Java class, Mach-O for several machines */
	MARK(0, "dex\n", FILE_EXECUTABLE),
	MARK(0, "#!", FILE_SCRIPT),
	MARK(0, "<?php", FILE_SCRIPT),
	MARK(0, "<%@", FILE_SCRIPT),
	MARK(0, "@echo off", FILE_SCRIPT),
	MARK(0, "7z\xbc\xaf\x27\x1c", FILE_ARCHIVE),
	MARK(0, "\x1f\x8b\x08", FILE_ARCHIVE),
	MARK(0, "BZh", FILE_ARCHIVE),
	MARK(0,
	     "\xfd"
	     "7zXZ\0",
	     FILE_ARCHIVE),
	MARK(0, "\x28\xb5\x2f\xfd", FILE_ARCHIVE), /* zstd */
	MARK(0, "\x04\x22\x4d\x18", FILE_ARCHIVE), /* lz4 */
	MARK(0, "MSCF\0\0\0\0", FILE_ARCHIVE),
	MARK(TAR_MARK_AT, "ustar", FILE_ARCHIVE),
	MARK(0, "-----BEGIN PGP MESSAGE", FILE_ENCRYPTED),
	MARK(0, "age-encryption.org/v1", FILE_ENCRYPTED),
	MARK(0, "Salted__", FILE_ENCRYPTED), /* openssl enc */
	MARK(0, "LUKS\xba\xbe", FILE_ENCRYPTED),
	MARK(0, "-----BEGIN OPENSSH PRIVATE KEY", FILE_KEY),
	MARK(0, "PuTTY-User-Key-File-", FILE_KEY),
	MARK(0, "openssh-key-v1\0", FILE_KEY),
	MARK(0, "\x03\xd9\xa2\x9a", FILE_KEY), /* KeePass */
	MARK(0, "\xfe\xed\xfe\xed", FILE_KEY), /* Java key store */
	MARK(0, "%PDF-", FILE_DOCUMENT),
	MARK(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FILE_DOCUMENT), /* OLE */
	MARK(0, "{\\rtf", FILE_DOCUMENT),
	MARK(0, "\xff\xd8\xff", FILE_IMAGE),
	MARK(0, "\x89PNG\r\n\x1a\n", FILE_IMAGE),
	MARK(0, "GIF87a", FILE_IMAGE),
	MARK(0, "GIF89a", FILE_IMAGE),
	MARK(0, "II*\0", FILE_IMAGE),
	MARK(0, "MM\0*", FILE_IMAGE),
	MARK(8, "WEBP", FILE_IMAGE),
	MARK(0, "\0\0\1\0\1\0", FILE_IMAGE), /* icon */
	MARK(4, "ftyp", FILE_MEDIA),
	MARK(0, "ID3", FILE_MEDIA),
	MARK(0, "OggS", FILE_MEDIA),
	MARK(0, "fLaC", FILE_MEDIA),
	MARK(0, "RIFF", FILE_MEDIA), /* after WEBP */
	MARK(0, "FLV\1", FILE_MEDIA),
	MARK(0, "\x1a\x45\xdf\xa3", FILE_MEDIA), /* Matroska */
	MARK(0, "SQLite format 3\0", FILE_DATABASE),
	MARK(4, "Standard Jet DB\0", FILE_DATABASE),
	MARK(4, "Standard ACE DB\0", FILE_DATABASE),
	MARK(0, "!BDN", FILE_DATABASE), /* Outlook's store */
	MARK(0, "PGDMP", FILE_DATABASE),
	MARK(0, "-- MySQL dump", FILE_DATABASE),
	MARK(0, "-- MariaDB dump", FILE_DATABASE),
	MARK(0, "--\n-- PostgreSQL database dump", FILE_DATABASE),
	MARK(0, "TAPE\0\0", FILE_DATABASE),          /* MTF: SQL Server's backup */
	MARK(4, "\xef\xcd\xab\x89", FILE_DIRECTORY), /* ESE */
	MARK(0, "regf", FILE_REGISTRY),
	MARK(0, "MDMP\x93\xa7", FILE_MEMORY),
	MARK(0, "PAGEDU", FILE_MEMORY), /* PAGEDUMP, PAGEDU64 */
	MARK(0, "EMiL", FILE_MEMORY),   /* LiME, little endian */
};

static bool begins_with(const struct cursor *all, uint16_t at, const char *bytes, size_t n)
{
	struct cursor c = *all;
	cursor_skip(&c, at);
	const uint8_t *p = cursor_take(&c, n);
	return p && memcmp(p, bytes, n) == 0;
}

/* "MZ" alone begins too much: the offset of the PE head must make sense, the head be there. */
static bool is_pe(const struct cursor *all)
{
	struct cursor c = *all;
	if (cursor_be16(&c) != 0x4d5a)
		return false;
	cursor_seek(&c, PE_OFFSET_AT);
	uint32_t offset = cursor_le32(&c);
	if (!cursor_ok(&c))
		return begins_with(all, 2, "\x90\0\3\0\0\0", 6);
	if (offset < 4 || offset > PE_OFFSET_MAX)
		return false;
	c = *all;
	cursor_seek(&c, offset);
	uint32_t head = cursor_be32(&c);
	return !cursor_ok(&c) || head == 0x50450000 || head >> 16 == 0x4e45;
}

static bool has_text(const uint8_t *data, size_t len, const char *text)
{
	return memmem(data, len, text, strlen(text)) != NULL;
}

/* Office files and their like are archives too: their first members have names of their own. */
static enum file_type zip_type(const struct cursor *all)
{
	struct cursor c = *all;
	cursor_skip(&c, 6);
	uint16_t flags = cursor_le16(&c);
	cursor_seek(&c, 26);
	uint16_t name_len = cursor_le16(&c);
	cursor_seek(&c, ZIP_LOCAL_HEAD);
	size_t left = cursor_left(&c);
	const uint8_t *name = cursor_take(&c, name_len < left ? name_len : left);
	if (!name)
		return FILE_ARCHIVE;
	size_t n = name_len < left ? name_len : left;
	if (flags & ZIP_ENCRYPTED)
		return FILE_ENCRYPTED;
	static const char *const office[] = {
		"[Content_Types].xml", "_rels/", "word/", "xl/", "ppt/", "docProps/", "mimetype"
	};
	for (size_t i = 0; i < sizeof(office) / sizeof(office[0]); i++)
		if (n >= strlen(office[i]) && memcmp(name, office[i], strlen(office[i])) == 0)
			return FILE_DOCUMENT;
	if (has_text(name, n, "META-INF/") || has_text(name, n, ".class"))
		return FILE_EXECUTABLE; /* jar */
	return FILE_ARCHIVE;
}

/* RAR 1.5 to 4: flags of the archive's head; RAR 5: an encryption head comes first. */
static enum file_type rar_type(const struct cursor *all)
{
	struct cursor c = *all;
	cursor_skip(&c, 6);
	if (cursor_u8(&c) == 1) {
		cursor_skip(&c, 6); /* a byte of the mark, CRC, size of the head: one byte */
		return cursor_u8(&c) == 4 ? FILE_ENCRYPTED : FILE_ARCHIVE;
	}
	cursor_skip(&c, 2);
	uint8_t type = cursor_u8(&c);
	uint16_t flags = cursor_le16(&c), size = cursor_le16(&c);
	if (type == 0x73 && (flags & 0x80))
		return FILE_ENCRYPTED;
	if (type != 0x73 || size < 7)
		return FILE_ARCHIVE;
	cursor_skip(&c, size - 7u);
	cursor_skip(&c, 2);
	type = cursor_u8(&c);
	flags = cursor_le16(&c);
	return type == 0x74 && (flags & 4) ? FILE_ENCRYPTED : FILE_ARCHIVE;
}

/* RFC 7468: "-----BEGIN RSA PRIVATE KEY-----". */
static bool is_private_key(const uint8_t *data, size_t len)
{
	size_t n = len < 64 ? len : 64;
	return n > 11 && memcmp(data, "-----BEGIN ", 11) == 0 && has_text(data, n, "PRIVATE KEY");
}

/* RFC 7292: SEQUENCE, version 3, then the object pkcs7-data. */
static bool is_pkcs12(const struct cursor *all)
{
	struct cursor c = *all;
	if (cursor_u8(&c) != 0x30)
		return false;
	uint8_t length = cursor_u8(&c);
	if (length & 0x80)
		cursor_skip(&c, length & 0x7f);
	if (cursor_be24(&c) != 0x020103)
		return false;
	size_t at = cursor_offset(&c), left = cursor_left(&c);
	size_t n = left < 24 ? left : 24;
	return memmem(all->data + at, n, "\x2a\x86\x48\x86\xf7\x0d\x01\x07", 8) != NULL;
}

/* Bytes that follow a lead byte of UTF-8 (RFC 3629), 0 for a byte of ASCII text; -1: neither. */
static int bytes_after(uint8_t b)
{
	if (b < 0x20)
		return b == '\t' || b == '\n' || b == '\r' || b == '\f' || b == 0x1b ? 0 : -1;
	if (b < 0x7f)
		return 0;
	if (b >= 0xc2 && b < 0xe0)
		return 1;
	if (b >= 0xe0 && b < 0xf0)
		return 2;
	return b >= 0xf0 && b < 0xf5 ? 3 : -1;
}

/* A sequence that the end cuts is well. */
bool magic_is_text(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	if (len >= 2 &&
	    ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff)))
		return true;
	while (cursor_left(&c)) {
		int more = bytes_after(cursor_u8(&c));
		if (more < 0)
			return false;
		for (; more && cursor_left(&c); more--)
			if ((cursor_u8(&c) & 0xc0) != 0x80)
				return false;
	}
	return len > 0;
}

bool magic_is_noise(const uint8_t *data, size_t len)
{
	static const struct {
		size_t len;
		double bits;
	} least[] = { /* 1st percentile of the entropy of so many random bytes */
		      { 64, 5.59 },  { 128, 6.39 },  { 256, 7.07 },
		      { 512, 7.51 }, { 1024, 7.76 }, { 4096, 7.945 }
	};
	size_t i = 0;
	if (len < MAGIC_NOISE_MIN)
		return false;
	while (i + 1 < sizeof(least) / sizeof(least[0]) && len >= least[i + 1].len)
		i++;
	return entropy_bytes(data, len) >= least[i].bits;
}

static enum file_type type_by_mark(const struct cursor *all)
{
	const uint8_t *data = all->data + cursor_offset(all);
	size_t len = cursor_left(all);
	for (const struct mark *m = marks; m < marks + sizeof(marks) / sizeof(marks[0]); m++)
		if (m->at < len && data[m->at] == (uint8_t)m->bytes[0] &&
		    begins_with(all, m->at, m->bytes, m->len))
			return m->type;
	return FILE_UNKNOWN;
}

/* A text that is a program, whatever blank comes before. */
static bool is_script(const uint8_t *data, size_t len)
{
	static const char *const words[] = { "powershell", "param(",      "on error resume next",
					     "<script",    "wscript.",    "createobject(",
					     "eval(",      "import os",   "$erroractionpreference",
					     "iex ",       "new-object ", "function " };
	static const char *const pages[] = { "<!doctype", "<html", "<?xml", "{", "[" };
	while (len && (*data == ' ' || *data == '\n' || *data == '\r' || *data == '\t'))
		data++, len--;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (len >= strlen(pages[i]) &&
		    strncasecmp((const char *)data, pages[i], strlen(pages[i])) == 0)
			return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len >= strlen(words[i]) &&
		    strncasecmp((const char *)data, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

bool magic_is_picture(const uint8_t *data, size_t len)
{
	struct cursor all = cursor_make(data, len);
	enum file_type type = type_by_mark(&all);
	return type == FILE_IMAGE || type == FILE_MEDIA;
}

/* By marks; FILE_UNKNOWN: it has none. */
static enum file_type marked_type(const uint8_t *data, size_t len)
{
	struct cursor all = cursor_make(data, len);
	if (begins_with(&all, 0, "PK\3\4", 4))
		return zip_type(&all);
	if (begins_with(&all, 0, "Rar!\x1a\7", 6))
		return rar_type(&all);
	if (is_pe(&all))
		return FILE_EXECUTABLE;
	if (is_private_key(data, len) || is_pkcs12(&all))
		return FILE_KEY;
	return type_by_mark(&all);
}

bool magic_is_loaded(const uint8_t *data, size_t len)
{
	enum file_type type = marked_type(data, len);
	return type != FILE_UNKNOWN && type != FILE_IMAGE && type != FILE_MEDIA;
}

enum file_type file_type_of(const uint8_t *data, size_t len)
{
	if (len == 0)
		return FILE_UNKNOWN;
	enum file_type type = marked_type(data, len);
	if (type != FILE_UNKNOWN)
		return type;
	if (magic_is_text(data, len))
		return is_script(data, len) ? FILE_SCRIPT : FILE_TEXT;
	return magic_is_noise(data, len) ? FILE_HIGH_ENTROPY : FILE_UNKNOWN;
}
