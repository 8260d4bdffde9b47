#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""org.usbredir1 made of nothing: objects with the types of the API, which do not change by themselves.

    mock-usbredird.py ADDRESS [--devices N]

Prints "ready" when it has the name, then a line for each order it is given. What is to happen comes
as lines on standard input:

    set KIND NAME PROPERTY VALUE    a property of type s, or b (yes or no), changes
    add KIND NAME [PROPERTY=VALUE]...
    remove KIND NAME
    ended SESSION DEVICE REASON MESSAGE
    paused yes|no
    errors N                        so many configuration errors
    malformed                       a signal with another type than the API's
    quit

A device "error:NAME" is answered with that error; "hang" is never answered.
"""
import os
import shlex
import sys

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = 'org.usbredir1'
ROOT = '/org/usbredir1'
PROPERTIES = 'org.freedesktop.DBus.Properties'
OBJECTS = 'org.freedesktop.DBus.ObjectManager'
STANDARD = ('AccessDenied', 'InvalidArgs', 'InteractiveAuthorizationRequired', 'Failed')


def encode(kind, name):
    """As sd_bus_path_encode()."""
    text = ''
    for i, c in enumerate(name):
        plain = c.isascii() and (c.isalpha() or (c.isdigit() and i > 0))
        text += c if plain else ''.join(f'_{b:02x}' for b in c.encode())
    return dbus.ObjectPath(f'{ROOT}/{kind}s/{text or "_"}')


def device_path(name):
    return encode('device', name) if name else dbus.ObjectPath('/')


def device(port, **more):
    bus, address = 1, int(port.split('.')[-1].split('-')[-1]) % 128
    return dict({
        'Id': port, 'Path': f'pci-0000:00:14.0-usb-0:{port.split("-")[1]}',
        'Bus': dbus.Byte(bus), 'Address': dbus.Byte(address),
        'VendorId': dbus.UInt16(0x0781), 'ProductId': dbus.UInt16(0x5581),
        'VersionBcd': dbus.UInt16(0x0100),
        'Class': dbus.Byte(0), 'Subclass': dbus.Byte(0), 'Protocol': dbus.Byte(0),
        'Vendor': 'SanDisk', 'Product': 'Ultra', 'Serial': '4C530001', 'Speed': 'super',
        'Interfaces': dbus.Array([tuple(map(dbus.Byte, (0, 8, 6, 0x50)))], signature='(yyyy)'),
        'State': 'idle', 'Verdict': 'allowed',
        'Rule': '/usr/lib/usbredir/filters.d/90-defaults.rules:3', 'Guard': '',
        'Settled': True, 'Inhibited': False, 'Held': False,
        'Guests': dbus.Array([], signature='s'),
        'Session': dbus.ObjectPath('/'), 'LastError': ''}, **more)


def guest(name, **more):
    return dict({
        'Name': name, 'Description': '', 'State': 'idle',
        'Channels': dbus.Array([('unix:/run/vm/%s.sock' % name, 'idle', '')], signature='(sss)'),
        'Queue': dbus.Array([], signature='o'), 'Sessions': dbus.Array([], signature='o'),
        'Exposed': False, 'RetryAtUSec': dbus.UInt64(0), 'LastError': ''}, **more)


def session(number, **more):
    return dict({
        'Device': device_path('1-1.4'), 'Guest': encode('guest', 'win10'),
        'Channel': 'tcp:192.168.122.10:4000', 'State': 'forwarding',
        'SinceUSec': dbus.UInt64(1700000000123456), 'ByHand': True, 'PeerVersion': 'qemu 7.2.0',
        'PeerCapabilities': dbus.Array(['bulk_streams', 'ep_info_max_packet_size'], signature='s'),
        'Encrypted': False, 'Unit': f'usbredir-session@{number}.service',
        'Pid': dbus.UInt32(4711)}, **more)


BOOLEANS = ('Settled', 'Inhibited', 'Exposed')
MAKERS = {'device': device, 'guest': guest, 'session': session}

HOSTILE = ('\x1b]0;owned\x07\x1b[31mred\u0085\n' + '\u00e4' * 140)  # with its 12 controls 293 bytes

DEVICES = [
    device('1-1.4', State='redirected', Session=encode('session', '7'),
           Guests=dbus.Array(['win10', 'build'], signature='s'),
           Rule='/etc/usbredir/filters.d/10-sticks.rules:12'),
    device('1-1.10', VendorId=dbus.UInt16(0x046d), ProductId=dbus.UInt16(0xc31c),
           Vendor='Logitech', Product='Logitech K120', Serial='', Speed='low', Verdict='denied',
           Rule='/usr/lib/usbredir/filters.d/40-defaults.rules:1',
           Interfaces=dbus.Array([tuple(map(dbus.Byte, i)) for i in
                                  ((0, 3, 1, 1), (1, 3, 0, 0))], signature='(yyyy)')),
    device('2-1', Vendor='', Product=HOSTILE, Serial='\x1b[2J', State='failed',
           LastError='too many crashes: \x1b[2Jre-plug it', Rule=''),
    device('1-1.9', State='waiting', Vendor='', Product='', VendorId=dbus.UInt16(0xa),
           ProductId=dbus.UInt16(0xb)),
]
GUESTS = [
    guest('win10', Description='Windows 10, second floor', State='connected', Exposed=True,
          Channels=dbus.Array([('tcp:192.168.122.10:4000', 'occupied', '1-1.4'),
                               ('tcp:192.168.122.10:4001', 'idle', '')], signature='(sss)'),
          Queue=dbus.Array([device_path('1-1.9')], signature='o'),
          Sessions=dbus.Array([encode('session', '7')], signature='o')),
    guest('build', State='unreachable', Queue=dbus.Array([device_path('1-1.9')], signature='o'),
          RetryAtUSec=dbus.UInt64(1700000100000000),
          LastError='unix:/run/vm/build.sock: No such file: is the guest running?'),
]
ERRORS = [('/etc/usbredir/filters.d/10-sticks.rules', 3, 7, 'unknown key "gest=": did you mean guest='),
          ('/etc/usbredir/guests.d/old.conf', 0, 0, 'cannot be read: Permission denied')]
RULES = [('/etc/usbredir/filters.d/10-sticks.rules', 12, '0x08,0x0781,-1,-1,1 guest=win10,build',
          'allow', {'guest': 'win10,build'}),
         ('/usr/lib/usbredir/filters.d/40-defaults.rules', 1, '-1,-1,-1,-1,0 interface=03/01/01',
          'deny', {'interface': '03/01/01'}),
         ('/usr/lib/usbredir/filters.d/50-udev.rules', 2, '', 'broken', {})]


class Error(dbus.DBusException):
    def __init__(self, name, message):
        prefix = 'org.freedesktop.DBus.Error.' if name in STANDARD else NAME + '.Error.'
        super().__init__(message, name=prefix + name)
        self.include_traceback = False


def check(text):
    """Devices that are errors."""
    if text.startswith('error:'):
        raise Error(text[6:], f'{text[6:]}: do \x1b[31msomething else')


class Session(dbus.service.FallbackObject):
    @dbus.service.method(NAME + '.Session', in_signature='', out_signature='a{sv}')
    def GetStatistics(self):
        return {'bytes-received': dbus.UInt64(123456789012), 'bytes-sent': dbus.UInt64(42),
                'packets-received': dbus.UInt64(1000), 'packets-sent': dbus.UInt64(999),
                'packets-dropped': dbus.UInt64(3),
                'usbfs-memory': dbus.UInt32(2097152)}


class Manager(dbus.service.Object):
    def __init__(self, bus, loop, n_devices):
        super().__init__(bus, ROOT)
        self.loop, self.n_errors, self.paused = loop, len(ERRORS), False
        self.sessions = Session(bus, ROOT + '/sessions')
        self.objects = {}
        devices = DEVICES
        if n_devices is not None:
            devices = [device(f'{i // 50 + 1}-{i % 50 + 1}') for i in range(n_devices)]
        for d in devices:
            self.put('device', d['Id'], d)
        for g in GUESTS if n_devices is None else []:
            self.put('guest', g['Name'], g)
        if n_devices is None:
            self.put('session', '7', session('7'))

    def put(self, kind, name, properties):
        path = encode(kind, name)
        self.objects[path] = {f'{NAME}.{kind.capitalize()}': properties}
        return path

    def order(self, message, text):
        asks = 'may ask' if message.get_allow_interactive_authorization() else 'may not ask'
        print(f'{text} ({asks})', flush=True)

    @dbus.service.method(OBJECTS, in_signature='', out_signature='a{oa{sa{sv}}}')
    def GetManagedObjects(self):
        return dbus.Dictionary(self.objects, signature='oa{sa{sv}}')

    @dbus.service.method(PROPERTIES, in_signature='s', out_signature='a{sv}')
    def GetAll(self, interface):
        errors = dbus.Array([(f, dbus.UInt32(l), dbus.UInt32(c), t) for f, l, c, t in
                             ERRORS[:self.n_errors]], signature='(suus)')
        return {'Version': '0.1.0', 'Paused': self.paused, 'SessionCount': dbus.UInt32(1),
                'ConfigurationErrors': errors}

    @dbus.service.method(NAME + '.Manager', in_signature='ssa{sv}', out_signature='o',
                         message_keyword='message')
    def Attach(self, text, guest_name, options, message):
        self.order(message, f'Attach "{text}" "{guest_name}" {dict(options)}')
        check(text)
        return encode('session', '8')

    @dbus.service.method(NAME + '.Manager', in_signature='sa{sv}', message_keyword='message')
    def Detach(self, text, options, message):
        self.order(message, f'Detach "{text}" {dict(options)}')
        check(text)

    @dbus.service.method(NAME + '.Manager', message_keyword='message')
    def DetachAll(self, message):
        self.order(message, 'DetachAll')

    @dbus.service.method(NAME + '.Manager', message_keyword='message')
    def Pause(self, message):
        self.order(message, 'Pause')

    @dbus.service.method(NAME + '.Manager', message_keyword='message')
    def Resume(self, message):
        self.order(message, 'Resume')

    @dbus.service.method(NAME + '.Manager', message_keyword='message')
    def Reload(self, message):
        self.order(message, 'Reload')
        if self.n_errors > 0:
            raise Error('InvalidRule', '%s:%u:%u: %s' % ERRORS[0])

    @dbus.service.method(NAME + '.Manager', in_signature='s', out_signature='o',
                         async_callbacks=('reply', 'error'))
    def GetDevice(self, text, reply, error):
        if text == 'hang':
            return
        try:
            check(text)
            if device_path(text) not in self.objects:
                raise Error('NoSuchDevice', f'no device "{text}": usbredirctl list shows all')
            reply(device_path(text))
        except Error as e:
            error(e)

    @dbus.service.method(NAME + '.Manager', in_signature='s', out_signature='o')
    def GetGuest(self, name):
        check(name)
        if encode('guest', name) not in self.objects:
            raise Error('NoSuchGuest', f'there is no guest "{name}"')
        return encode('guest', name)

    @dbus.service.method(NAME + '.Manager', in_signature='s', out_signature='a{sv}')
    def Explain(self, text):
        check(text)
        if text == '2-1':
            return {'verdict': 'denied', 'automatic': False, 'rule': '', 'text': '', 'pass': 'device class 00/00/00',
                    'guest': '', 'reason': 'denied: no rule matches', 'refusal': 'more than 32 interfaces'}
        if text == '1-1.4':
            lead = '/etc/usbredir/filters.d/10-sticks.rules:12'
            rule = '0x08,0x0781,-1,-1,1 guest=win10,build'
            return {'verdict': 'allowed', 'automatic': True, 'rule': lead, 'text': rule,
                    'pass': '', 'lead': lead, 'guest': 'win10', 'guard': '', 'refusal': '',
                    'reason': 'It is redirected to win10 by itself.', 'inhibited': False,
                    'rejected': False, 'paused': False, 'held': True,
                    'passes': dbus.Array([('interface 0 (08/06/50)', lead, rule, True)],
                                         signature='(sssb)'),
                    'keys': dbus.Array([('guest', 'win10,build', lead), ('auto', 'yes', 'default')],
                                       signature='(sss)')}
        return {'verdict': 'denied', 'automatic': False,
                'rule': '/usr/lib/usbredir/filters.d/40-defaults.rules:1',
                'text': '-1,-1,-1,-1,0 interface=03/01/01', 'pass': 'interface 0 (03/01/01)',
                'lead': '', 'guest': '', 'reason': 'denied: a rule denies interface 0\x1b[2J',
                'refusal': '', 'inhibited': True, 'rejected': False, 'paused': False, 'held': False,
                'passes': dbus.Array([('interface 0 (03/01/01)',
                                       '/usr/lib/usbredir/filters.d/40-defaults.rules:1',
                                       '-1,-1,-1,-1,0 interface=03/01/01', False),
                                      ('interface 1 (03/00/00)\x1b[2J', '', '', False)],
                                     signature='(sssb)'),
                'keys': dbus.Array([], signature='(sss)')}

    @dbus.service.method(NAME + '.Manager', in_signature='ss', out_signature='a{sv}')
    def TestRules(self, rules, text):
        """Its first rule that names a guest decides for 1-1.4; the others are told as Explain tells them."""
        for line, rule in enumerate(rules.splitlines(), 1):
            if text == '1-1.4' and ' guest=' in rule:
                return {'verdict': 'allowed', 'automatic': True, 'rule': f'rules:{line}', 'text': rule,
                        'guest': 'win10', 'keys': dbus.Array([('hold', 'yes', f'rules:{line}'), ('on', 'both', 'default')],
                                                             signature='(sss)')}
        return self.Explain(text)

    @dbus.service.method(NAME + '.Manager', in_signature='', out_signature='a(sussa{sv})')
    def ListRules(self):
        return RULES

    @dbus.service.method(NAME + '.Manager', in_signature='sa{sv}', message_keyword='message')
    def AddRule(self, rule, options, message):
        options = ' '.join(f'{k}={v}' for k, v in sorted(options.items()))
        self.order(message, f'AddRule "{rule}" {options}')
        if rule == 'nonsense':
            raise Error('InvalidRule', 'column 1: expected class,vendor,product,version,allow')

    @dbus.service.method(NAME + '.Manager', in_signature='sus', message_keyword='message')
    def RemoveRule(self, file, line, text, message):
        self.order(message, f'RemoveRule "{file}" {line} "{text}"')

    @dbus.service.signal(NAME + '.Manager', signature='ooss')
    def SessionEnded(self, session_path, device_path_, reason, message):
        pass

    @dbus.service.signal(OBJECTS, signature='oa{sa{sv}}')
    def InterfacesAdded(self, path, interfaces):
        pass

    @dbus.service.signal(OBJECTS, signature='oas')
    def InterfacesRemoved(self, path, interfaces):
        pass

    def changed(self, path, interface, properties):
        signal = dbus.lowlevel.SignalMessage(path, PROPERTIES, 'PropertiesChanged')
        signal.append(interface, dbus.Dictionary(properties, signature='sv'),
                      dbus.Array([], signature='s'), signature='sa{sv}as')
        self.connection.send_message(signal)

    def step(self, words):
        what, words = words[0], words[1:]
        if what == 'set':
            path, interface = encode(words[0], words[1]), f'{NAME}.{words[0].capitalize()}'
            value = words[3] == 'yes' if words[2] in BOOLEANS else words[3]
            self.objects[path][interface][words[2]] = value
            self.changed(path, interface, {words[2]: value})
        elif what == 'add':
            more = dict(w.split('=', 1) for w in words[2:])
            more.update({k: v == 'yes' for k, v in more.items() if k in BOOLEANS})
            made = MAKERS[words[0]](words[1], **more)
            path = self.put(words[0], words[1], made)
            self.InterfacesAdded(path, self.objects[path])
        elif what == 'remove':
            path = encode(words[0], words[1])
            self.InterfacesRemoved(path, list(self.objects.pop(path)))
        elif what == 'ended':
            self.SessionEnded(encode('session', words[0]), device_path(words[1]), *words[2:])
        elif what == 'paused':
            self.paused = words[0] == 'yes'
            self.changed(ROOT, NAME + '.Manager', {'Paused': self.paused})
        elif what == 'errors':
            self.n_errors = int(words[0])
            self.changed(ROOT, NAME + '.Manager', {'ConfigurationErrors': self.GetAll('')['ConfigurationErrors']})
        elif what == 'malformed':
            signal = dbus.lowlevel.SignalMessage(ROOT, OBJECTS, 'InterfacesAdded')
            signal.append('no path', signature='s')
            self.connection.send_message(signal)
        elif what == 'quit':
            self.loop.quit()
        else:
            sys.exit(f'mock-usbredird: what is "{what}"?')


def main():
    n_devices = int(sys.argv[3]) if sys.argv[2:3] == ['--devices'] else None
    loop = GLib.MainLoop()
    bus = dbus.bus.BusConnection(sys.argv[1], mainloop=dbus.mainloop.glib.DBusGMainLoop())
    manager = Manager(bus, loop, n_devices)

    steps = bytearray()

    def on_input(fd, condition):
        read = os.read(fd, 65536)
        steps.extend(read)
        while b'\n' in steps:
            line, _, steps[:] = steps.partition(b'\n')
            manager.step(shlex.split(line.decode()))
        if not read:
            loop.quit()
        return bool(read)

    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_input)
    bus.request_name(NAME, dbus.bus.NAME_FLAG_DO_NOT_QUEUE)
    print('ready', flush=True)
    loop.run()
    bus.flush()


main()
