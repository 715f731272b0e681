# exf_layer(NAME SOURCES a.c b.c DEPS base event LIBS PkgConfig::X)
# One static library a layer, linked only to the layers it may see.
function(exf_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_library(exf_${name} STATIC ${L_SOURCES})
  target_include_directories(exf_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include)
  foreach(dep ${L_DEPS})
    target_link_libraries(exf_${name} PUBLIC exf_${dep})
  endforeach()
  target_link_libraries(exf_${name} PRIVATE ${L_LIBS})
endfunction()

# exf_def(OUT FILE MACRO): the names that FILE.def lists as MACRO(name, ...), and a re-run of
# CMake when the file changes.  A part is one file and one line: the line is here.
function(exf_def out file macro)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^${macro}\\(")
  set(names "")
  foreach(line ${lines})
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*" "\\1" one "${line}")
    list(APPEND names ${one})
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()
