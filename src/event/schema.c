/*
 * event/schema.c - the fields of every kind of event, as --events and signatures read them.
 *
 * One line a field: its name, its type, its place.  Names are those of the structs; what the
 * structs keep as a pair (index 0 from src, 1 from dst) is named src_x and dst_x here.
 */
#include "exfild/event/alert.h"
#include "fields.h"

static const struct event_field head_fields[] = { HEAD, END };

static const struct event_field flow_fields[] = {
	HEAD,
	AS(event_flow, "first", first_ns, FIELD_TIME),
	AS(event_flow, "last", last_ns, FIELD_TIME),
	AS(event_flow, "src_bytes", bytes[0], FIELD_U64),
	AS(event_flow, "dst_bytes", bytes[1], FIELD_U64),
	AS(event_flow, "src_payload", payload[0], FIELD_U64),
	AS(event_flow, "dst_payload", payload[1], FIELD_U64),
	AS(event_flow, "src_packets", packets[0], FIELD_U32),
	AS(event_flow, "dst_packets", packets[1], FIELD_U32),
	AS(event_flow, "src_retransmitted", retransmitted[0], FIELD_U64),
	AS(event_flow, "dst_retransmitted", retransmitted[1], FIELD_U64),
	AS(event_flow, "src_fresh", fresh[0], FIELD_U64),
	AS(event_flow, "dst_fresh", fresh[1], FIELD_U64),
	AS(event_flow, "src_earlier", earlier[0], FIELD_U64),
	AS(event_flow, "dst_earlier", earlier[1], FIELD_U64),
	AT(event_flow, outcome, FIELD_U8),
	AT(event_flow, end, FIELD_U8),
	AS(event_flow, "src_tcp_flags", tcp_flags[0], FIELD_U8),
	AS(event_flow, "dst_tcp_flags", tcp_flags[1], FIELD_U8),
	AT(event_flow, syn_flags, FIELD_U32),
	AT(event_flow, first_packet, FIELD_U64),
	AT(event_flow, one_sided, FIELD_BOOL),
	AT(event_flow, initiator_known, FIELD_BOOL),
	AT(event_flow, is_interim, FIELD_U8),
	AS(event_flow, "src_mac", mac[0], FIELD_MAC),
	AS(event_flow, "dst_mac", mac[1], FIELD_MAC),
	END,
};

static const struct event_field classified_fields[] = {
	HEAD,
	AT(event_classified, name, FIELD_STR),
	AT(event_classified, category_name, FIELD_STR),
	AT(event_classified, ndpi_master, FIELD_U16),
	AT(event_classified, ndpi_app, FIELD_U16),
	AT(event_classified, category, FIELD_U16),
	AT(event_classified, confidence, FIELD_U8),
	AT(event_classified, encrypted, FIELD_BOOL),
	AT(event_classified, risks, FIELD_HEX64),
	END,
};

static const struct event_field dns_fields[] = {
	HEAD,
	AT(event_dns, transport, FIELD_U8),
	AT(event_dns, is_response, FIELD_BOOL),
	AT(event_dns, id, FIELD_U16),
	AT(event_dns, opcode, FIELD_U8),
	AT(event_dns, rcode, FIELD_U8),
	AT(event_dns, dns_flags, FIELD_U16),
	AT(event_dns, name, FIELD_STR),
	AT(event_dns, qtype, FIELD_U16),
	AT(event_dns, qclass, FIELD_U16),
	AT(event_dns, answer, FIELD_STR),
	AT(event_dns, questions, FIELD_U16),
	AT(event_dns, answers, FIELD_U16),
	AT(event_dns, authorities, FIELD_U16),
	AT(event_dns, additionals, FIELD_U16),
	AT(event_dns, message_len, FIELD_U16),
	AT(event_dns, edns_size, FIELD_U16),
	AT(event_dns, edns_option_len, FIELD_U16),
	AT(event_dns, edns_hash, FIELD_HEX64),
	AT(event_dns, rdata_len, FIELD_U32),
	AT(event_dns, rdata_hash, FIELD_HEX64),
	AT(event_dns, ttl, FIELD_U32),
	AT(event_dns, first_answer_type, FIELD_U16),
	AT(event_dns, upper_case, FIELD_U16),
	AT(event_dns, tcp, FIELD_BOOL),
	AT(event_dns, malformed, FIELD_BOOL),
	END,
};

static const struct event_field http_fields[] = {
	HEAD,
	AT(event_http, is_response, FIELD_BOOL),
	AT(event_http, version, FIELD_U8),
	AT(event_http, method, FIELD_STR),
	AT(event_http, host, FIELD_STR),
	AT(event_http, uri, FIELD_STR),
	AT(event_http, user_agent, FIELD_STR),
	AT(event_http, content_type, FIELD_STR),
	AT(event_http, referrer, FIELD_STR),
	AT(event_http, cookie, FIELD_STR),
	AT(event_http, status, FIELD_U16),
	AT(event_http, reason, FIELD_STR),
	AT(event_http, content_length, FIELD_U64),
	AT(event_http, head_len, FIELD_U32),
	AT(event_http, header_count, FIELD_U16),
	AT(event_http, header_hash, FIELD_HEX64),
	AT(event_http, marks, FIELD_U32),
	AT(event_http, forwarded_for, FIELD_STR),
	AT(event_http, exploit, FIELD_U8),
	AT(event_http, attempt, FIELD_STR),
	AT(event_http, callback, FIELD_STR),
	AT(event_http, callback_port, FIELD_U16),
	END,
};

static const struct event_field http_body_fields[] = {
	HEAD,
	AT(event_http_body, is_response, FIELD_BOOL),
	AT(event_http_body, method, FIELD_STR),
	AT(event_http_body, host, FIELD_STR),
	AT(event_http_body, uri, FIELD_STR),
	AT(event_http_body, user_agent, FIELD_STR),
	AT(event_http_body, content_type, FIELD_STR),
	AT(event_http_body, status, FIELD_U16),
	AT(event_http_body, type, FIELD_U8),
	AT(event_http_body, form, FIELD_U8),
	AT(event_http_body, is_complete, FIELD_BOOL),
	AT(event_http_body, fields, FIELD_U8),
	AT(event_http_body, files, FIELD_U8),
	AT(event_http_body, credential_fields, FIELD_U8),
	AT(event_http_body, machine_fields, FIELD_U8),
	AT(event_http_body, command_fields, FIELD_U8),
	AT(event_http_body, is_one_value, FIELD_BOOL),
	AT(event_http_body, base64_share, FIELD_U8),
	AT(event_http_body, hex_share, FIELD_U8),
	AT(event_http_body, marks, FIELD_U32),
	AT(event_http_body, head_marks, FIELD_U32),
	AT(event_http_body, file_name, FIELD_STR),
	AT(event_http_body, exploit, FIELD_U8),
	AT(event_http_body, attempt, FIELD_STR),
	AT(event_http_body, callback, FIELD_STR),
	AT(event_http_body, callback_port, FIELD_U16),
	AT(event_http_body, looked, FIELD_U32),
	AT(event_http_body, entropy, FIELD_FLOAT),
	AT(event_http_body, size, FIELD_U64),
	AT(event_http_body, seen, FIELD_U64),
	AT(event_http_body, hash, FIELD_HEX64),
	END,
};

static const struct event_field mail_fields[] = {
	HEAD,
	AT(event_mail, nth, FIELD_U16),
	AT(event_mail, helo, FIELD_STR),
	AT(event_mail, from, FIELD_STR),
	AT(event_mail, to, FIELD_STR),
	AT(event_mail, recipients, FIELD_U16),
	AT(event_mail, subject, FIELD_STR),
	AT(event_mail, mailer, FIELD_STR),
	AT(event_mail, attachments, FIELD_U8),
	AT(event_mail, attachment, FIELD_STR),
	AT(event_mail, attachment_type, FIELD_U8),
	AT(event_mail, marks, FIELD_U32),
	AT(event_mail, head_marks, FIELD_U32),
	AT(event_mail, reply, FIELD_U16),
	AT(event_mail, size, FIELD_U64),
	END,
};

static const struct event_field tls_fields[] = {
	HEAD,
	AT(event_tls, is_server, FIELD_BOOL),
	AT(event_tls, has_sni, FIELD_BOOL),
	AT(event_tls, sni, FIELD_STR),
	AT(event_tls, alpn, FIELD_STR),
	AT(event_tls, ja3, FIELD_STR),
	AT(event_tls, ja4, FIELD_STR),
	AT(event_tls, version, FIELD_U16),
	AT(event_tls, record_version, FIELD_U16),
	AT(event_tls, cipher, FIELD_U16),
	AT(event_tls, quic_version, FIELD_U32),
	END,
};

static const struct event_field cert_fields[] = {
	HEAD,
	AT(event_cert, subject, FIELD_STR),
	AT(event_cert, issuer, FIELD_STR),
	AT(event_cert, san, FIELD_STR),
	AT(event_cert, sha256, FIELD_STR),
	AT(event_cert, sha1, FIELD_STR),
	AT(event_cert, serial, FIELD_STR),
	AT(event_cert, is_self_signed, FIELD_BOOL),
	AT(event_cert, is_malformed, FIELD_BOOL),
	AT(event_cert, is_wildcard, FIELD_BOOL),
	AT(event_cert, sni_match, FIELD_U8),
	AT(event_cert, chain, FIELD_U16),
	AT(event_cert, tls_version, FIELD_U16),
	AT(event_cert, names, FIELD_U32),
	AT(event_cert, validity_days, FIELD_U32),
	AT(event_cert, age_days, FIELD_U32),
	AT(event_cert, not_before_s, FIELD_U64),
	AT(event_cert, der_len, FIELD_U64),
	END,
};

static const struct event_field tls_shape_fields[] = {
	HEAD,
	AS(event_tls_shape, "first_record", first_ns, FIELD_TIME),
	AS(event_tls_shape, "last_record", last_ns, FIELD_TIME),
	AS(event_tls_shape, "src_records", records[0], FIELD_U32),
	AS(event_tls_shape, "dst_records", records[1], FIELD_U32),
	AS(event_tls_shape, "src_bytes", bytes[0], FIELD_U64),
	AS(event_tls_shape, "dst_bytes", bytes[1], FIELD_U64),
	AS(event_tls_shape, "src_sizes", sizes[0], FIELD_SIZES),
	AS(event_tls_shape, "dst_sizes", sizes[1], FIELD_SIZES),
	AT(event_tls_shape, turns, FIELD_U32),
	AT(event_tls_shape, pauses, FIELD_U32),
	AT(event_tls_shape, pause_ms, FIELD_U32),
	AT(event_tls_shape, pause_spread_ms, FIELD_U32),
	AT(event_tls_shape, first, FIELD_FIRST),
	AT(event_tls_shape, first_count, FIELD_U8),
	AT(event_tls_shape, is_end, FIELD_BOOL),
	AT(event_tls_shape, is_bulk, FIELD_BOOL),
	END,
};

static const struct event_field inner_fields[] = {
	HEAD,
	AT(event_inner, carrier, FIELD_STR),
	AT(event_inner, inner, FIELD_U16),
	END,
};

static const struct event_field ssh_fields[] = {
	HEAD,
	AT(event_ssh, is_server, FIELD_BOOL),
	AT(event_ssh, banner, FIELD_STR),
	AT(event_ssh, hassh, FIELD_STR),
	END,
};

static const struct event_field icmp_fields[] = {
	HEAD,
	AT(event_icmp, type, FIELD_U8),
	AT(event_icmp, code, FIELD_U8),
	AT(event_icmp, is_reply, FIELD_BOOL),
	AT(event_icmp, paired, FIELD_BOOL),
	AT(event_icmp, differs, FIELD_BOOL),
	AT(event_icmp, pattern, FIELD_U8),
	AT(event_icmp, id, FIELD_U16),
	AT(event_icmp, icmp_seq, FIELD_U16),
	AT(event_icmp, payload_len, FIELD_U16),
	AT(event_icmp, captured_len, FIELD_U16),
	AT(event_icmp, info_bytes, FIELD_U32),
	AT(event_icmp, payload_hash, FIELD_HEX64),
	AT(event_icmp, entropy, FIELD_FLOAT),
	AT(event_icmp, magic, FIELD_U32),
	AT(event_icmp, head, FIELD_BYTES16),
	AT(event_icmp, rtt_ns, FIELD_U64),
	END,
};

static const struct event_field ntp_fields[] = {
	HEAD,
	AT(event_ntp, mode, FIELD_U8),
	AT(event_ntp, version, FIELD_U8),
	AT(event_ntp, stratum, FIELD_U8),
	AT(event_ntp, malformed, FIELD_BOOL),
	AT(event_ntp, payload_len, FIELD_U16),
	AT(event_ntp, extension_len, FIELD_U16),
	AT(event_ntp, extension_hash, FIELD_HEX64),
	END,
};

static const struct event_field carrier_fields[] = {
	HEAD,
	AT(event_carrier, payload_len, FIELD_U32),
	AT(event_carrier, carried_len, FIELD_U32),
	AT(event_carrier, carried_hash, FIELD_HEX64),
	END,
};

static const struct event_field rdp_fields[] = {
	HEAD,
	AT(event_rdp, cookie, FIELD_STR),
	AT(event_rdp, requested, FIELD_U32),
	AT(event_rdp, selected, FIELD_U32),
	AT(event_rdp, failure, FIELD_U32),
	AT(event_rdp, has_request, FIELD_BOOL),
	AT(event_rdp, has_settings, FIELD_BOOL),
	AT(event_rdp, client_name, FIELD_STR),
	AT(event_rdp, client_build, FIELD_U32),
	AT(event_rdp, width, FIELD_U16),
	AT(event_rdp, height, FIELD_U16),
	AT(event_rdp, channel_count, FIELD_U8),
	AT(event_rdp, channels, FIELD_STR),
	AT(event_rdp, has_inner, FIELD_BOOL),
	END,
};

static const struct event_field session_fields[] = {
	HEAD,
	AT(event_session, service, FIELD_STR),
	AS(event_session, "sort", kind, FIELD_U8),
	AT(event_session, is_reversed, FIELD_BOOL),
	AT(event_session, is_end, FIELD_BOOL),
	AT(event_session, failures, FIELD_U32),
	AS(event_session, "src_records", records[0], FIELD_U32),
	AS(event_session, "dst_records", records[1], FIELD_U32),
	AS(event_session, "src_keys", keys[0], FIELD_U32),
	AS(event_session, "dst_keys", keys[1], FIELD_U32),
	AS(event_session, "src_opened", opened[0], FIELD_U32),
	AS(event_session, "dst_opened", opened[1], FIELD_U32),
	AS(event_session, "src_bytes", bytes[0], FIELD_U64),
	AS(event_session, "dst_bytes", bytes[1], FIELD_U64),
	AT(event_session, duration_ns, FIELD_U64),
	END,
};

static const struct event_field shell_fields[] = {
	HEAD,
	AT(event_shell, at_initiator, FIELD_BOOL),
	AT(event_shell, marks, FIELD_U8),
	AT(event_shell, is_end, FIELD_BOOL),
	AT(event_shell, commands, FIELD_U32),
	AT(event_shell, command, FIELD_STR),
	END,
};

static const struct event_field found_fields[] = {
	HEAD,
	AT(event_found, kind, FIELD_U8),
	AT(event_found, is_coded, FIELD_BOOL),
	AT(event_found, of, FIELD_U32),
	AT(event_found, count, FIELD_U32),
	AT(event_found, weight, FIELD_U32),
	AT(event_found, offset, FIELD_U64),
	AT(event_found, carrier, FIELD_STR),
	AT(event_found, label, FIELD_STR),
	AT(event_found, sample, FIELD_STR),
	AT(event_found, host, FIELD_STR),
	END,
};

static const struct event_field arp_fields[] = {
	HEAD,
	AT(event_arp, operation, FIELD_U16),
	AT(event_arp, sender_mac, FIELD_MAC),
	AT(event_arp, target_mac, FIELD_MAC),
	AT(event_arp, gratuitous, FIELD_BOOL),
	END,
};

static const struct event_field dhcp_fields[] = {
	HEAD,
	AT(event_dhcp, message_type, FIELD_U8),
	AT(event_dhcp, mac, FIELD_MAC),
	AT(event_dhcp, is_answer, FIELD_BOOL),
	AT(event_dhcp, is_advertisement, FIELD_BOOL),
	AT(event_dhcp, preference, FIELD_U8),
	AT(event_dhcp, lifetime_s, FIELD_U16),
	AT(event_dhcp, transaction, FIELD_U32),
	AT(event_dhcp, assigned, FIELD_IP),
	AT(event_dhcp, server, FIELD_IP),
	AT(event_dhcp, router, FIELD_IP),
	AT(event_dhcp, resolver, FIELD_IP),
	AT(event_dhcp, proxy, FIELD_STR),
	AT(event_dhcp, host_name, FIELD_STR),
	AT(event_dhcp, vendor_class, FIELD_STR),
	END,
};

static const struct event_field name_fields[] = {
	HEAD,
	AT(event_name, address, FIELD_IP),
	AT(event_name, name, FIELD_STR),
	AT(event_name, ttl_s, FIELD_U32),
	AT(event_name, source, FIELD_U8),
	END,
};

static const struct event_field sensor_fields[] = {
	HEAD,
	AT(event_sensor, what, FIELD_STR),
	AT(event_sensor, object, FIELD_STR),
	AT(event_sensor, text, FIELD_STR),
	AT(event_sensor, count, FIELD_U64),
	AT(event_sensor, total, FIELD_U64),
	END,
};

static const struct event_field login_fields[] = {
	HEAD,
	AT(event_login, service, FIELD_STR),
	AT(event_login, user, FIELD_STR),
	AT(event_login, domain, FIELD_STR),
	AT(event_login, workstation, FIELD_STR),
	AT(event_login, outcome, FIELD_U8),
	AT(event_login, method, FIELD_U8),
	AT(event_login, is_inferred, FIELD_BOOL),
	AT(event_login, secret_mark, FIELD_U8),
	AT(event_login, status, FIELD_U32),
	AT(event_login, attempt, FIELD_U32),
	AT(event_login, said, FIELD_U64),
	AT(event_login, proof, FIELD_HEX64),
	END,
};

static const struct event_field file_fields[] = {
	HEAD,
	AT(event_file, carrier, FIELD_STR),
	AT(event_file, name, FIELD_STR),
	AT(event_file, place, FIELD_STR),
	AT(event_file, declared, FIELD_STR),
	AT(event_file, type, FIELD_U8),
	AT(event_file, is_end, FIELD_BOOL),
	AT(event_file, is_complete, FIELD_BOOL),
	AT(event_file, is_attachment, FIELD_BOOL),
	AT(event_file, entropy, FIELD_FLOAT),
	AT(event_file, size, FIELD_U64),
	AT(event_file, seen, FIELD_U64),
	END,
};

static const struct event_field file_hash_fields[] = {
	HEAD,
	AT(event_file_hash, carrier, FIELD_STR),
	AT(event_file_hash, name, FIELD_STR),
	AT(event_file_hash, place, FIELD_STR),
	AT(event_file_hash, is_whole, FIELD_BOOL),
	AT(event_file_hash, is_undone, FIELD_BOOL),
	AT(event_file_hash, size, FIELD_U64),
	AT(event_file_hash, md5, FIELD_STR),
	AT(event_file_hash, sha1, FIELD_STR),
	AT(event_file_hash, sha256, FIELD_STR),
	END,
};

static const struct event_field smb_fields[] = {
	HEAD,
	AT(event_smb, version, FIELD_U8),
	AT(event_smb, act, FIELD_U8),
	AT(event_smb, command, FIELD_U16),
	AT(event_smb, dialect, FIELD_U16),
	AT(event_smb, status, FIELD_U32),
	AT(event_smb, share, FIELD_STR),
	AT(event_smb, name, FIELD_STR),
	AT(event_smb, renamed, FIELD_STR),
	AT(event_smb, user, FIELD_STR),
	AT(event_smb, detail, FIELD_STR),
	AT(event_smb, access, FIELD_U32),
	AT(event_smb, disposition, FIELD_U32),
	AT(event_smb, session, FIELD_HEX64),
	AT(event_smb, file, FIELD_HEX64),
	AT(event_smb, tree, FIELD_U32),
	AT(event_smb, size, FIELD_U64),
	AT(event_smb, read, FIELD_U64),
	AT(event_smb, written, FIELD_U64),
	AT(event_smb, turns, FIELD_U32),
	AT(event_smb, file_type, FIELD_U8),
	AT(event_smb, is_pipe, FIELD_BOOL),
	AT(event_smb, is_folder, FIELD_BOOL),
	AT(event_smb, is_encrypted, FIELD_BOOL),
	AT(event_smb, is_compressed, FIELD_BOOL),
	AT(event_smb, is_signed, FIELD_BOOL),
	AT(event_smb, is_guest, FIELD_BOOL),
	AT(event_smb, is_null, FIELD_BOOL),
	AT(event_smb, is_malformed, FIELD_BOOL),
	AT(event_smb, oddity, FIELD_U8),
	END,
};

static const struct event_field rpc_fields[] = {
	HEAD,
	AT(event_rpc, act, FIELD_U8),
	AT(event_rpc, transport, FIELD_U8),
	AT(event_rpc, interface, FIELD_STR),
	AT(event_rpc, operation, FIELD_STR),
	AT(event_rpc, interface_id, FIELD_BYTES16),
	AT(event_rpc, interface_version, FIELD_U8),
	AT(event_rpc, opnum, FIELD_U16),
	AT(event_rpc, pipe, FIELD_STR),
	AT(event_rpc, object, FIELD_STR),
	AT(event_rpc, detail, FIELD_STR),
	AT(event_rpc, auth_type, FIELD_U8),
	AT(event_rpc, auth_level, FIELD_U8),
	AT(event_rpc, is_answered, FIELD_BOOL),
	AT(event_rpc, is_sealed, FIELD_BOOL),
	AT(event_rpc, call_id, FIELD_U32),
	AT(event_rpc, status, FIELD_U32),
	AT(event_rpc, stub_len, FIELD_U32),
	AT(event_rpc, answer_len, FIELD_U32),
	AT(event_rpc, mapped_port, FIELD_U16),
	END,
};

static const struct event_field ftp_fields[] = {
	HEAD,
	AT(event_ftp, verb, FIELD_STR),
	AT(event_ftp, argument, FIELD_STR),
	AT(event_ftp, folder, FIELD_STR),
	AT(event_ftp, code, FIELD_U16),
	AT(event_ftp, reply, FIELD_STR),
	AT(event_ftp, data_address, FIELD_IP),
	AT(event_ftp, data_port, FIELD_U16),
	AT(event_ftp, is_passive, FIELD_BOOL),
	END,
};

static const struct event_field kerberos_fields[] = {
	HEAD,
	AT(event_kerberos, message, FIELD_U8),
	AT(event_kerberos, request, FIELD_U8),
	AT(event_kerberos, error, FIELD_U32),
	AT(event_kerberos, cname, FIELD_STR),
	AT(event_kerberos, cname_type, FIELD_ETYPE),
	AT(event_kerberos, realm, FIELD_STR),
	AT(event_kerberos, sname, FIELD_STR),
	AT(event_kerberos, sname_type, FIELD_ETYPE),
	AT(event_kerberos, for_user, FIELD_STR),
	AT(event_kerberos, etype_count, FIELD_U8),
	AT(event_kerberos, etypes, FIELD_ETYPES),
	AT(event_kerberos, preauth_etype, FIELD_ETYPE),
	AT(event_kerberos, tgt_etype, FIELD_ETYPE),
	AT(event_kerberos, ticket_etype, FIELD_ETYPE),
	AT(event_kerberos, reply_etype, FIELD_ETYPE),
	AT(event_kerberos, options, FIELD_U32),
	AT(event_kerberos, pac, FIELD_U8),
	AT(event_kerberos, has_preauth, FIELD_BOOL),
	AT(event_kerberos, has_fast, FIELD_BOOL),
	AT(event_kerberos, has_additional_ticket, FIELD_BOOL),
	AT(event_kerberos, is_malformed, FIELD_BOOL),
	END,
};

static const struct event_field ldap_fields[] = {
	HEAD,
	AT(event_ldap, operation, FIELD_U8),
	AT(event_ldap, is_response, FIELD_BOOL),
	AT(event_ldap, message_id, FIELD_U32),
	AT(event_ldap, result, FIELD_U32),
	AT(event_ldap, base, FIELD_STR),
	AT(event_ldap, scope, FIELD_U8),
	AT(event_ldap, filter, FIELD_STR),
	AT(event_ldap, attributes, FIELD_STR),
	AT(event_ldap, attribute_count, FIELD_U16),
	AT(event_ldap, size_limit, FIELD_U32),
	AT(event_ldap, entries, FIELD_U32),
	AT(event_ldap, bytes, FIELD_U64),
	AT(event_ldap, mechanism, FIELD_STR),
	AT(event_ldap, is_signed, FIELD_BOOL),
	AT(event_ldap, is_ping, FIELD_BOOL),
	AT(event_ldap, is_malformed, FIELD_BOOL),
	END,
};

static const struct event_field *const tables[EVENT__COUNT] = {
	[EVENT_FLOW_START] = flow_fields, [EVENT_FLOW_PROGRESS] = flow_fields,
	[EVENT_FLOW_END] = flow_fields,   [EVENT_CLASSIFIED] = classified_fields,
	[EVENT_DNS] = dns_fields,         [EVENT_HTTP] = http_fields,
	[EVENT_TLS] = tls_fields,         [EVENT_QUIC] = tls_fields,
	[EVENT_CERT] = cert_fields,       [EVENT_TLS_SHAPE] = tls_shape_fields,
	[EVENT_INNER] = inner_fields,     [EVENT_SSH] = ssh_fields,
	[EVENT_ICMP] = icmp_fields,       [EVENT_NTP] = ntp_fields,
	[EVENT_ARP] = arp_fields,         [EVENT_DHCP] = dhcp_fields,
	[EVENT_NAME] = name_fields,       [EVENT_SENSOR] = sensor_fields,
	[EVENT_LOGIN] = login_fields,     [EVENT_FILE] = file_fields,
	[EVENT_SMB] = smb_fields,         [EVENT_RPC] = rpc_fields,
	[EVENT_FTP] = ftp_fields,         [EVENT_HTTP_BODY] = http_body_fields,
	[EVENT_MAIL] = mail_fields,       [EVENT_KERBEROS] = kerberos_fields,
	[EVENT_LDAP] = ldap_fields,       [EVENT_RDP] = rdp_fields,
	[EVENT_SESSION] = session_fields, [EVENT_SHELL] = shell_fields,
	[EVENT_CONTENT] = found_fields,   [EVENT_FILE_HASH] = file_hash_fields,
	[EVENT_CARRIER] = carrier_fields,
};

const struct event_field *event_fields(enum event_kind kind)
{
	unsigned i = (unsigned)kind;
	if (kind == EVENT_ALERT)
		return event_alert_fields();
	return i < EVENT__COUNT ? tables[i] : head_fields;
}

const struct event_field *event_head_fields(void)
{
	return head_fields;
}
