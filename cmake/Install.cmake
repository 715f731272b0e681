include(GNUInstallDirs)
install(TARGETS exfild exfild-responder RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS exfilctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/exfild PATTERN selftest EXCLUDE PATTERN signatures EXCLUDE)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/signatures/ DESTINATION ${CMAKE_INSTALL_DATADIR}/exfild/signatures FILES_MATCHING PATTERN "*.yml")
# What --self-test replays: in the source tree these are links to tests/replay, installed they are the captures themselves.
file(GLOB selftest_captures CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/selftest/*.pcap)
foreach(link ${selftest_captures})
  get_filename_component(name ${link} NAME)
  file(REAL_PATH ${link} capture)
  install(FILES ${capture} DESTINATION ${CMAKE_INSTALL_DATADIR}/exfild/selftest RENAME ${name})
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/docs/man/exfild.8 ${CMAKE_SOURCE_DIR}/docs/man/exfilctl.8
        ${CMAKE_SOURCE_DIR}/docs/man/exfild-responder.8
        DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${CMAKE_SOURCE_DIR}/docs/man/exfild.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${CMAKE_SOURCE_DIR}/docs/man/exfild-rules.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/scripts/completions/ DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# The documents keep their folders, so that the links between them hold.
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${CMAKE_SOURCE_DIR}/SECURITY.md
        ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN man EXCLUDE)
include(cmake/Package.cmake)
