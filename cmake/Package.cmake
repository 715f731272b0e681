# What a Debian package has beside the program: unit, users, folders, configuration.  They have
# fixed places, so `cmake --install` puts them there only when asked: --component service.
set(EXFILD_STATE_FORMAT 1 CACHE STRING "Number of the state's format; a package that reads a lower one sets the state aside")
set(EXFILD_PACKAGE_CONTACT "exfild maintainers <maintainers@users.noreply.github.com>" CACHE STRING "Maintainer of the package")
set(service COMPONENT service EXCLUDE_FROM_ALL)
set(unit_dir /usr/lib)

install(FILES ${CMAKE_SOURCE_DIR}/systemd/exfild.service ${CMAKE_SOURCE_DIR}/systemd/exfild-responder.service
        ${CMAKE_SOURCE_DIR}/systemd/exfild-report.service ${CMAKE_SOURCE_DIR}/systemd/exfild-report.timer DESTINATION ${unit_dir}/systemd/system ${service})
install(FILES ${CMAKE_SOURCE_DIR}/systemd/exfild.sysusers DESTINATION ${unit_dir}/sysusers.d
        RENAME exfild.conf ${service})
install(FILES ${CMAKE_SOURCE_DIR}/systemd/exfild.tmpfiles DESTINATION ${unit_dir}/tmpfiles.d
        RENAME exfild.conf ${service})
install(FILES ${CMAKE_SOURCE_DIR}/systemd/exfild.logrotate DESTINATION /etc/logrotate.d RENAME exfild ${service})
install(FILES ${CMAKE_SOURCE_DIR}/docs/exfild.yaml DESTINATION /etc/exfild ${service})
install(FILES ${CMAKE_SOURCE_DIR}/systemd/confd.README DESTINATION /etc/exfild/conf.d RENAME README ${service})

# `cmake --build BUILD --target package`, or scripts/package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME exfild)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT ${EXFILD_PACKAGE_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "data exfiltration detection for gateways")
set(CPACK_PACKAGE_DESCRIPTION "exfild watches the traffic of a gateway, or replays captures of it, and says
with its proof who takes data out and who looks around inside: data in DNS
names and ICMP messages, uploads that their destination does not explain,
scans, and protocols on the ports of others. Alerts go to Redis or a file as
JSON by the Elastic Common Schema.")
set(CPACK_INSTALL_CMAKE_PROJECTS
    "${CMAKE_BINARY_DIR};exfild;Unspecified;/" "${CMAKE_BINARY_DIR};exfild;service;/")
set(CPACK_MONOLITHIC_INSTALL ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "logrotate")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-server, wireshark")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/systemd/debian/postinst ${CMAKE_SOURCE_DIR}/systemd/debian/prerm
    ${CMAKE_SOURCE_DIR}/systemd/debian/postrm ${CMAKE_SOURCE_DIR}/systemd/debian/conffiles)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/PackageStage.cmake)
set(CPACK_EXFILD_STATE_FORMAT ${EXFILD_STATE_FORMAT})
include(CPack)
