/*
 * alert/attack.c - the parts of MITRE ATT&CK (Enterprise) that exfild speaks of.
 *
 * Sorted by id.  The tactic is the one under which a network sensor sees the technique; several
 * techniques serve more than one.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/alert/alert.h"

struct attack {
	const char *id, *name, *tactic;
};

static const struct attack tactics[] = {
	{ "TA0001", "Initial Access", NULL },
	{ "TA0002", "Execution", NULL },
	{ "TA0003", "Persistence", NULL },
	{ "TA0004", "Privilege Escalation", NULL },
	{ "TA0005", "Defense Evasion", NULL },
	{ "TA0006", "Credential Access", NULL },
	{ "TA0007", "Discovery", NULL },
	{ "TA0008", "Lateral Movement", NULL },
	{ "TA0009", "Collection", NULL },
	{ "TA0010", "Exfiltration", NULL },
	{ "TA0011", "Command and Control", NULL },
	{ "TA0040", "Impact", NULL },
	{ "TA0042", "Resource Development", NULL },
	{ "TA0043", "Reconnaissance", NULL },
};

static const struct attack techniques[] = {
	{ "T1001", "Data Obfuscation", "TA0011" },
	{ "T1001.001", "Junk Data", "TA0011" },
	{ "T1001.002", "Steganography", "TA0011" },
	{ "T1001.003", "Protocol or Service Impersonation", "TA0011" },
	{ "T1003", "OS Credential Dumping", "TA0006" },
	{ "T1003.001", "LSASS Memory", "TA0006" },
	{ "T1003.002", "Security Account Manager", "TA0006" },
	{ "T1003.003", "NTDS", "TA0006" },
	{ "T1003.004", "LSA Secrets", "TA0006" },
	{ "T1003.006", "DCSync", "TA0006" },
	{ "T1005", "Data from Local System", "TA0009" },
	{ "T1007", "System Service Discovery", "TA0007" },
	{ "T1008", "Fallback Channels", "TA0011" },
	{ "T1011", "Exfiltration Over Other Network Medium", "TA0010" },
	{ "T1012", "Query Registry", "TA0007" },
	{ "T1016", "System Network Configuration Discovery", "TA0007" },
	{ "T1018", "Remote System Discovery", "TA0007" },
	{ "T1020", "Automated Exfiltration", "TA0010" },
	{ "T1020.001", "Traffic Duplication", "TA0010" },
	{ "T1021", "Remote Services", "TA0008" },
	{ "T1021.001", "Remote Desktop Protocol", "TA0008" },
	{ "T1021.002", "SMB/Windows Admin Shares", "TA0008" },
	{ "T1021.003", "Distributed Component Object Model", "TA0008" },
	{ "T1021.004", "SSH", "TA0008" },
	{ "T1021.005", "VNC", "TA0008" },
	{ "T1021.006", "Windows Remote Management", "TA0008" },
	{ "T1029", "Scheduled Transfer", "TA0010" },
	{ "T1030", "Data Transfer Size Limits", "TA0010" },
	{ "T1033", "System Owner/User Discovery", "TA0007" },
	{ "T1039", "Data from Network Shared Drive", "TA0009" },
	{ "T1040", "Network Sniffing", "TA0006" },
	{ "T1041", "Exfiltration Over C2 Channel", "TA0010" },
	{ "T1046", "Network Service Discovery", "TA0007" },
	{ "T1047", "Windows Management Instrumentation", "TA0002" },
	{ "T1048", "Exfiltration Over Alternative Protocol", "TA0010" },
	{ "T1048.001", "Exfiltration Over Symmetric Encrypted Non-C2 Protocol", "TA0010" },
	{ "T1048.002", "Exfiltration Over Asymmetric Encrypted Non-C2 Protocol", "TA0010" },
	{ "T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol", "TA0010" },
	{ "T1049", "System Network Connections Discovery", "TA0007" },
	{ "T1053", "Scheduled Task/Job", "TA0002" },
	{ "T1053.002", "At", "TA0002" },
	{ "T1053.005", "Scheduled Task", "TA0002" },
	{ "T1059", "Command and Scripting Interpreter", "TA0002" },
	{ "T1059.001", "PowerShell", "TA0002" },
	{ "T1068", "Exploitation for Privilege Escalation", "TA0004" },
	{ "T1069", "Permission Groups Discovery", "TA0007" },
	{ "T1069.002", "Domain Groups", "TA0007" },
	{ "T1070", "Indicator Removal", "TA0005" },
	{ "T1070.001", "Clear Windows Event Logs", "TA0005" },
	{ "T1071", "Application Layer Protocol", "TA0011" },
	{ "T1071.001", "Web Protocols", "TA0011" },
	{ "T1071.002", "File Transfer Protocols", "TA0011" },
	{ "T1071.003", "Mail Protocols", "TA0011" },
	{ "T1071.004", "DNS", "TA0011" },
	{ "T1071.005", "Publish/Subscribe Protocols", "TA0011" },
	{ "T1074", "Data Staged", "TA0009" },
	{ "T1074.002", "Remote Data Staging", "TA0009" },
	{ "T1078", "Valid Accounts", "TA0001" },
	{ "T1080", "Taint Shared Content", "TA0008" },
	{ "T1082", "System Information Discovery", "TA0007" },
	{ "T1083", "File and Directory Discovery", "TA0007" },
	{ "T1087", "Account Discovery", "TA0007" },
	{ "T1087.002", "Domain Account", "TA0007" },
	{ "T1090", "Proxy", "TA0011" },
	{ "T1090.001", "Internal Proxy", "TA0011" },
	{ "T1090.002", "External Proxy", "TA0011" },
	{ "T1090.003", "Multi-hop Proxy", "TA0011" },
	{ "T1090.004", "Domain Fronting", "TA0011" },
	{ "T1095", "Non-Application Layer Protocol", "TA0011" },
	{ "T1098", "Account Manipulation", "TA0003" },
	{ "T1102", "Web Service", "TA0011" },
	{ "T1102.001", "Dead Drop Resolver", "TA0011" },
	{ "T1102.002", "Bidirectional Communication", "TA0011" },
	{ "T1102.003", "One-Way Communication", "TA0011" },
	{ "T1104", "Multi-Stage Channels", "TA0011" },
	{ "T1105", "Ingress Tool Transfer", "TA0011" },
	{ "T1110", "Brute Force", "TA0006" },
	{ "T1110.001", "Password Guessing", "TA0006" },
	{ "T1110.003", "Password Spraying", "TA0006" },
	{ "T1110.004", "Credential Stuffing", "TA0006" },
	{ "T1112", "Modify Registry", "TA0005" },
	{ "T1113", "Screen Capture", "TA0009" },
	{ "T1114", "Email Collection", "TA0009" },
	{ "T1119", "Automated Collection", "TA0009" },
	{ "T1124", "System Time Discovery", "TA0007" },
	{ "T1132", "Data Encoding", "TA0011" },
	{ "T1132.001", "Standard Encoding", "TA0011" },
	{ "T1132.002", "Non-Standard Encoding", "TA0011" },
	{ "T1133", "External Remote Services", "TA0001" },
	{ "T1135", "Network Share Discovery", "TA0007" },
	{ "T1136", "Create Account", "TA0003" },
	{ "T1187", "Forced Authentication", "TA0006" },
	{ "T1190", "Exploit Public-Facing Application", "TA0001" },
	{ "T1201", "Password Policy Discovery", "TA0007" },
	{ "T1205", "Traffic Signaling", "TA0011" },
	{ "T1205.001", "Port Knocking", "TA0011" },
	{ "T1207", "Rogue Domain Controller", "TA0005" },
	{ "T1210", "Exploitation of Remote Services", "TA0008" },
	{ "T1219", "Remote Access Software", "TA0011" },
	{ "T1482", "Domain Trust Discovery", "TA0007" },
	{ "T1486", "Data Encrypted for Impact", "TA0040" },
	{ "T1498", "Network Denial of Service", "TA0040" },
	{ "T1505", "Server Software Component", "TA0003" },
	{ "T1505.003", "Web Shell", "TA0003" },
	{ "T1534", "Internal Spearphishing", "TA0008" },
	{ "T1537", "Transfer Data to Cloud Account", "TA0010" },
	{ "T1543", "Create or Modify System Process", "TA0003" },
	{ "T1543.003", "Windows Service", "TA0003" },
	{ "T1546", "Event Triggered Execution", "TA0003" },
	{ "T1546.003", "Windows Management Instrumentation Event Subscription", "TA0003" },
	{ "T1547", "Boot or Logon Autostart Execution", "TA0003" },
	{ "T1547.001", "Registry Run Keys / Startup Folder", "TA0003" },
	{ "T1547.012", "Print Processors", "TA0003" },
	{ "T1550", "Use Alternate Authentication Material", "TA0008" },
	{ "T1550.002", "Pass the Hash", "TA0008" },
	{ "T1550.003", "Pass the Ticket", "TA0008" },
	{ "T1552", "Unsecured Credentials", "TA0006" },
	{ "T1552.004", "Private Keys", "TA0006" },
	{ "T1555", "Credentials from Password Stores", "TA0006" },
	{ "T1556", "Modify Authentication Process", "TA0006" },
	{ "T1557", "Adversary-in-the-Middle", "TA0006" },
	{ "T1557.001", "LLMNR/NBT-NS Poisoning and SMB Relay", "TA0006" },
	{ "T1557.002", "ARP Cache Poisoning", "TA0006" },
	{ "T1557.003", "DHCP Spoofing", "TA0006" },
	{ "T1558", "Steal or Forge Kerberos Tickets", "TA0006" },
	{ "T1558.001", "Golden Ticket", "TA0006" },
	{ "T1558.003", "Kerberoasting", "TA0006" },
	{ "T1558.004", "AS-REP Roasting", "TA0006" },
	{ "T1560", "Archive Collected Data", "TA0009" },
	{ "T1562", "Impair Defenses", "TA0005" },
	{ "T1563", "Remote Service Session Hijacking", "TA0008" },
	{ "T1563.001", "SSH Hijacking", "TA0008" },
	{ "T1563.002", "RDP Hijacking", "TA0008" },
	{ "T1567", "Exfiltration Over Web Service", "TA0010" },
	{ "T1567.001", "Exfiltration to Code Repository", "TA0010" },
	{ "T1567.002", "Exfiltration to Cloud Storage", "TA0010" },
	{ "T1567.003", "Exfiltration to Text Storage Sites", "TA0010" },
	{ "T1567.004", "Exfiltration Over Webhook", "TA0010" },
	{ "T1568", "Dynamic Resolution", "TA0011" },
	{ "T1568.001", "Fast Flux DNS", "TA0011" },
	{ "T1568.002", "Domain Generation Algorithms", "TA0011" },
	{ "T1568.003", "DNS Calculation", "TA0011" },
	{ "T1569", "System Services", "TA0002" },
	{ "T1569.002", "Service Execution", "TA0002" },
	{ "T1570", "Lateral Tool Transfer", "TA0008" },
	{ "T1571", "Non-Standard Port", "TA0011" },
	{ "T1572", "Protocol Tunneling", "TA0011" },
	{ "T1573", "Encrypted Channel", "TA0011" },
	{ "T1573.001", "Symmetric Cryptography", "TA0011" },
	{ "T1573.002", "Asymmetric Cryptography", "TA0011" },
	{ "T1590", "Gather Victim Network Information", "TA0043" },
	{ "T1590.002", "DNS", "TA0043" },
	{ "T1595", "Active Scanning", "TA0043" },
	{ "T1595.001", "Scanning IP Blocks", "TA0043" },
	{ "T1595.002", "Vulnerability Scanning", "TA0043" },
	{ "T1606", "Forge Web Credentials", "TA0006" },
	{ "T1606.002", "SAML Tokens", "TA0006" },
	{ "T1649", "Steal or Forge Authentication Certificates", "TA0006" },
	{ "T1659", "Content Injection", "TA0011" },
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct attack *)entry)->id);
}

static const struct attack *find(const struct attack *table, size_t count, const char *id)
{
	return id ? bsearch(id, table, count, sizeof(*table), compare) : NULL;
}

const char *attack_technique_name(const char *id)
{
	const struct attack *a = find(techniques, sizeof(techniques) / sizeof(techniques[0]), id);
	return a ? a->name : NULL;
}

const char *attack_technique_tactic(const char *id)
{
	const struct attack *a = find(techniques, sizeof(techniques) / sizeof(techniques[0]), id);
	return a ? a->tactic : NULL;
}

const char *attack_tactic_name(const char *id)
{
	const struct attack *a = find(tactics, sizeof(tactics) / sizeof(tactics[0]), id);
	return a ? a->name : NULL;
}
