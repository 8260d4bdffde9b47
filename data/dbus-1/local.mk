# SPDX-License-Identifier: LGPL-2.1-or-later
dbussystemddir = $(datadir)/dbus-1/system.d
dist_dbussystemd_DATA = %D%/org.usbredir1.conf
dbusservicesdir = $(datadir)/dbus-1/system-services
dist_dbusservices_DATA = %D%/org.usbredir1.service
dbusinterfacesdir = $(datadir)/dbus-1/interfaces
dist_dbusinterfaces_DATA = \
	%D%/interfaces/org.usbredir1.Device.xml \
	%D%/interfaces/org.usbredir1.Guest.xml \
	%D%/interfaces/org.usbredir1.Manager.xml \
	%D%/interfaces/org.usbredir1.Session.xml
