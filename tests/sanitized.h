#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is this program built with the address sanitizer, by gcc or by clang? It needs memory of its own,
 * keeps what is freed, and makes system calls at the end.
 */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif
