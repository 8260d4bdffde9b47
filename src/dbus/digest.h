#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the properties of an object that have changed.
 */
#include "dbus/object.h"

/*
 * Brings the object's digests up to date. Unless ret_names is NULL it has room for
 * OBJECT_PROPERTIES_MAX + 1: the names of the properties that differed, then NULL. Returns their
 * number, or a negative errno.
 */
int digest_properties(struct object *object, char **ret_names);
