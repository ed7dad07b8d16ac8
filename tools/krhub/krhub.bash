# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
# Completion of krhub(1) for bash.

_krhub_files() { # PREFIX WORD
  local file
  while IFS= read -r file; do
    [ -d "$file" ] && file+=/
    COMPREPLY+=("$1$file")
  done < <(compgen -f -- "$2")
  [[ ${COMPREPLY[*]} == */ ]] && compopt -o nospace 2>/dev/null
  compopt -o filenames 2>/dev/null
  return 0
}

# The command, and how many words there are besides options.
_krhub_count() {
  local index word skip=
  command='' words_before=0
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [ -n "$skip" ]; then
      skip=
      continue
    fi
    case $word in
      --count | --answer | --token | --token-file | --header | --protocol | --transport | --timeout | -n | -H | -p)
        # "--count=5" arrives as three words: the name, "=", and the value.
        skip=1
        [ "${COMP_WORDS[index + 1]-}" = = ] && index=$((index + 1))
        ;;
      -*) ;;
      *)
        [ -n "$command" ] || command=$word
        words_before=$((words_before + 1))
        ;;
    esac
  done
}

_krhub() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command words_before
  COMPREPLY=()
  [ "$current" = = ] && current=
  [ "$previous" = = ] && previous=${COMP_WORDS[COMP_CWORD - 2]}

  case $previous in
    --protocol | -p) mapfile -t COMPREPLY < <(compgen -W 'json messagepack' -- "$current"); return ;;
    --transport) mapfile -t COMPREPLY < <(compgen -W 'auto websockets sse long-polling' -- "$current"); return ;;
    --token-file) _krhub_files '' "$current"; return ;;
    --header | -H) mapfile -t COMPREPLY < <(compgen -W 'Authorization: Cookie: Origin:' -- "$current"); return ;;
    --count | --answer | --token | --timeout | -n) return ;;
  esac

  _krhub_count
  if [[ $current == -* ]]; then
    local options='--json --raw --verbose --token --token-file --header --insecure --timeout --help --version'
    case $command in
      call) options+=' --gvariant --text --upload' ;;
      stream) options+=' --gvariant --text --upload --count' ;;
      send) options+=' --gvariant --text' ;;
      listen) options+=' --count --reconnect --answer' ;;
    esac
    [ "$command" = info ] || options+=' --protocol --transport --skip-negotiation'
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [ "$words_before" -eq 0 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'call stream send listen info' -- "$current")
  elif [ "$words_before" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'http:// https://' -- "$current")
    compopt -o nospace 2>/dev/null
  elif [[ $current == @* ]]; then
    _krhub_files @ "${current#@}"
  fi
  return 0
}

complete -F _krhub krhub
