/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Relays: the generic form of call home (draft-lear-callhome, 4). A device has called and offers a service of
 * its own on that connection; a tool on this node, which asked by the control socket, is joined with it and
 * is the service's client. One call serves one tool, and ends with it; the device calls again.
 *
 * Over TLS it was proved which device it is, as for NETCONF, before it gets here. A plain call may be anybody's:
 * the tool has to find out, by what it speaks (SNMP over TLS does).
 *
 * Memory: what a device says before there is a tool, EARLY_MAX; then RELAY_HIGH each way, and one read more.
 */
#ifndef _MANAGER_RELAY_H
#define _MANAGER_RELAY_H

#include <event2/bufferevent.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "manager/settings.h"

struct device;
struct manager;
struct relay_call;
struct session;

#define RELAY_HIGH	65536	/* octets not yet taken at which the other end is not read from any more */

/*
 * Session @s is a call for @service, and @d's (NULL: plain). Held until a tool comes; an older call of that
 * device for it ends. NULL: out of memory.
 */
struct relay_call *relay_offer(struct manager *m, struct session *s, struct device *d,
			       const char *service, bool familiar);
/* The device has said something. */
void relay_data(struct relay_call *c, const uint8_t *data, size_t len);
/* Something was sent to the device. */
void relay_written(struct relay_call *c);
/* The session has ended; @c is gone afterwards. What the tool was not told yet, it still is. */
void relay_gone(struct relay_call *c);
/* Is it joined with a tool? */
bool relay_joined(const struct relay_call *c);
/* The service of the next idle or joined call of @d after @before (NULL: the first); NULL: no more. */
const struct relay_call *relay_next(const struct device *d, const struct relay_call *before);
const char *relay_service(const struct relay_call *c);

/*
 * The client on @bev, which belongs to the relay from now on, wants @service of @d (NULL: plain), and waits
 * @seconds for it. It is told {"done": true, "relay": ..., "device": ..., "source": ...}, then all octets are
 * the service's; or "error", and the end. @id: to be in the answer, or NULL. @released(@arg): it is over.
 * False: out of memory; @bev is untouched.
 */
bool relay_tool(struct manager *m, struct bufferevent *bev, struct device *d, const char *service,
		unsigned int seconds, json_t *id, void (*released)(void *arg), void *arg);
/* @d goes away: tools that wait for it are told. */
void relay_device_gone(struct manager *m, struct device *d);
/* The transport by which @service is relayed; TRANSPORT_COUNT: it is not. */
enum transport relay_transport(const struct settings *s, const char *service);
/* Release all tools. */
void relay_end_all(struct manager *m);

#endif /* _MANAGER_RELAY_H */
