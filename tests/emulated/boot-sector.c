/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine code as a table, so that neither an assembler nor an x86 is needed to build it. The
 * firmware loads the sector to 7c00h and jumps there; the text lies behind the code.
 */
#include <stdio.h>
#include <string.h>

#include "emulated/boot-sector.h"
#include "util/macro.h"

enum { LOAD_ADDRESS = 0x7c00 };

static const uint8_t code[] = {
        0xfa,             /*        cli               */
        0xfc,             /*        cld               */
        0x31, 0xc0,       /*        xor  ax, ax       */
        0x8e, 0xd8,       /*        mov  ds, ax       */
        0xbe, 0,    0,    /*        mov  si, text     */
        0xba, 0xfd, 0x03, /* next:  mov  dx, 3fdh     line status of COM1 */
        0xec,             /* full:  in   al, dx       */
        0xa8, 0x20,       /*        test al, 20h      */
        0x74, 0xfb,       /*        jz   full         */
        0xac,             /*        lodsb             */
        0x84, 0xc0,       /*        test al, al       */
        0x74, 0x06,       /*        jz   halt         */
        0xba, 0xf8, 0x03, /*        mov  dx, 3f8h     */
        0xee,             /*        out  dx, al       */
        0xeb, 0xed,       /*        jmp  next         */
        0xf4,             /* halt:  hlt               */
        0xeb, 0xfd,       /*        jmp  halt         */
};

enum { TEXT_ADDRESS_AT = 7 }; /* in the code */

void boot_sector_write(uint8_t sector[BOOT_SECTOR_SIZE], const char *line)
{
        memset(sector, 0, BOOT_SECTOR_SIZE);
        memcpy(sector, code, sizeof(code));
        sector[TEXT_ADDRESS_AT] = (LOAD_ADDRESS + sizeof(code)) & 0xff;
        sector[TEXT_ADDRESS_AT + 1] = (LOAD_ADDRESS + sizeof(code)) >> 8;
        snprintf((char *)sector + sizeof(code), BOOT_SECTOR_LINE_MAX + sizeof("\r\n"), "%.*s\r\n",
                 (int)BOOT_SECTOR_LINE_MAX, line);
        sector[BOOT_SECTOR_SIZE - 2] = 0x55;
        sector[BOOT_SECTOR_SIZE - 1] = 0xaa;
}
