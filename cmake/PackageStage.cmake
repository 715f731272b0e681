# Run by CPack between installing into its stage and packing it: what Debian wants of a package's
# files (compressed pages, changelog, copyright) and what belongs to packages alone.
set(stage ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${stage}/usr/share/doc/exfild)

# reproducible: no names, no times in the compressed files
function(compress)
  execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB_RECURSE pages ${stage}/usr/share/man/*.[1-8])
compress(${pages})

file(RENAME ${doc}/LICENSE ${doc}/LICENSE.text)
file(READ ${doc}/LICENSE.text licence)
file(REMOVE ${doc}/LICENSE.text)
string(REGEX REPLACE "^MIT License\n\n[^\n]*\n\n" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n([^\n])" "\n \\1" licence "${licence}")
file(WRITE ${doc}/copyright "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: exfild

Files: *
Copyright: 2026 the exfild authors
License: Expat

License: Expat
 ${licence}")
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian "exfild (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Built from the source tree; see changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
compress(${doc}/changelog ${doc}/changelog.Debian)

file(WRITE ${stage}/usr/share/exfild/state-format "${CPACK_EXFILD_STATE_FORMAT}\n")

# this is no upload to Debian
file(WRITE ${stage}/usr/share/lintian/overrides/exfild "exfild: initial-upload-closes-no-bugs\n")

file(GLOB_RECURSE every LIST_DIRECTORIES true ${stage}/*)
foreach(entry ${every})
  if(IS_DIRECTORY ${entry})
    file(CHMOD ${entry} DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
         GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endif()
endforeach()
