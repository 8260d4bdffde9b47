#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets of this machine: each port of each hub, with or without a device in it.
 */

/* port as "1-1.4"; path as udev's ID_PATH of a device there would be, or "". */
typedef void (*socket_found)(void *userdata, const char *port, const char *path);

/* Returns 0, or a negative errno of libudev. */
int sockets_each(socket_found on_socket, void *userdata);
