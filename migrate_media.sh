#!/usr/bin/env bash
# Copies the media that a host kept in ./media before the persistent volume existed into that volume, through
# the running service. Nothing is taken from the host's folder, and nothing that the platform holds is replaced
# unless --overwrite says so. See --help for its use and its exit statuses.
#
# The way of a file: listed and hashed here -> compared with the volume -> streamed by tar into a hidden folder
# inside the media root -> moved to its name in one step -> hashed again in the volume. Names are bytes
# throughout: they travel in NUL-terminated lists, and start with "./" so that none reads as an option.
set -Eeuo pipefail

# Before anything that an older one would trip over.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "migrate_media.sh: needs bash 4.4 or newer; this is bash $BASH_VERSION." >&2
  exit 1
fi

readonly OPERATORS_LOCALE=${LC_ALL-}
export LC_ALL=C

readonly ME=migrate_media.sh
readonly SERVICE=${SERVICE:-web-project}
MEDIA_ROOT=${MEDIA_ROOT:-/usr/src/platform/media}
SOURCE=${SOURCE:-./media}
DRY_RUN=no
OVERWRITE=no

# Where files wait until they are whole. Only this script uses the name; each run has a folder of its own below.
readonly STAGING=.migration
readonly RUN=$$-$RANDOM$RANDOM
# The only reason for keeping a file that --overwrite does away with.
readonly OTHER_CONTENT="other content there"

COMPOSE=()      # how Compose is called here
CONTAINER=      # the running container of the service
CHILDREN=()     # processes of ours that may still run
OWN_FDS=()      # descriptors of ours that no child may hold open
STAGED=no       # whether there is something of ours in the volume to remove
PROGRESS=no     # whether an unfinished line is on the terminal

ENTRIES=()      # what is to be in the volume, parents before children
LEFT_OUT=()     # what never goes there, each followed by the reason
declare -A KIND=() LINK=() HASH=()            # the host's: type letter of find, link target, SHA-256
declare -A KIND_THERE=() LINK_THERE=() HASH_THERE=()
NEW=() REPLACE=() KEPT=() LOCKED=()           # what compare() finds to do with the entries
declare -A WHY_KEPT=()                        # a reason for each in KEPT
declare -A NOT_PLACED=()                      # what found its name taken when it was to be moved there

usage() {
  cat <<USAGE
Usage: ./$ME [--dry-run] [--overwrite] [--help]

Copies everything in the host's ./media into the media volume of the running service.
Run it in the deployment's directory, where the compose file is. It can be run again at any
time: what is already there is skipped, and an interrupted run is completed.

  --dry-run     say what would be copied, kept and left out, and change nothing
  --overwrite   replace files of the same name and other content; without it they are kept
  --help        show this text

Environment:
  SERVICE       the service that keeps the media       (default: web-project)
  MEDIA_ROOT    the media's folder in its container    (default: /usr/src/platform/media)
  SOURCE        the folder to copy                     (default: ./media)
  COMPOSE_FILE and the like mean what they mean to Docker Compose.

Exit status:
  0  everything is in the volume, identical
  1  it could not start, or failed; the message says what to do
  2  it was called wrongly
  3  finished, but the files it names were kept as the platform has them, or left out
  130, 143  interrupted
USAGE
}

# --- What is said ---------------------------------------------------------------------------------------------

end_progress() {
  [[ $PROGRESS == no ]] || printf '\r\033[K' >&2
  PROGRESS=no
}

warn() {
  end_progress
  printf '%s\n' "$ME: $1" "${@:2}" >&2
}

die() {
  warn "$@"
  exit 1
}

# A path as the operator can type it, in the operator's own locale; what can't be shown is escaped.
quoted() {
  local LC_ALL=$OPERATORS_LOCALE
  printf '%q' "$1"
}

# list_names PREFIX NAME...: one name a line.
list_names() {
  local prefix=$1 name
  for name in "${@:2}"; do
    printf '%s%s\n' "$prefix" "$(quoted "${name#./}")"
  done
}

# first_names NAME...: enough of them for an error message.
first_names() {
  list_names '  ' "${@:1:10}"
  (($# <= 10)) || echo "  ... and $(($# - 10)) more"
}

# step LABEL [TOTAL]: a new stage of the work. A terminal gets one line that overwrites itself, a log one line each.
step() {
  if [[ -t 2 ]]; then
    progress "$1" "${2-0}" -1
  else
    printf '%s\n' "$ME: $1${2:+ ($2)}" >&2
  fi
}

# progress LABEL TOTAL INDEX [RECORD]: called by mapfile with the index (from 0) of the record just read.
progress() {
  [[ -t 2 ]] || return 0
  PROGRESS=yes
  if (($2)); then
    printf '\r\033[K%s: %d of %d' "$1" "$(($3 + 1))" "$2" >&2
  else
    printf '\r\033[K%s' "$1" >&2
  fi
}

# --- Children, and the end of a run ---------------------------------------------------------------------------

# spawn COMMAND...: starts it beside us, so that a signal finds us in `wait` or `mapfile` and not behind the child.
# It gets 0, 1, 2 (and 3) from the caller and no other descriptor: not the lock, which must die with us.
spawn() {
  (close_own_fds && exec "$@") <&0 &
  CHILDREN+=("$!")
}

close_own_fds() {
  local fd
  for fd in "${OWN_FDS[@]}"; do exec {fd}>&-; done
}

# reap: waits for the child that was started first; returns its status.
reap() {
  local child=${CHILDREN[0]} status=0
  wait "$child" || status=$?
  CHILDREN=("${CHILDREN[@]:1}")
  return "$status"
}

# feed NAME...: a NUL-terminated list for a child's standard input.
feed() {
  close_own_fds
  (($# == 0)) || printf '%s\0' "$@"
}

# make_pipe: an anonymous pipe; its ends are READ_END and WRITE_END. Linux opens the pipe of a process substitution
# again by its /dev/fd name, so nothing in any folder needs to be made and removed.
make_pipe() {
  local both
  exec {both}<> <(:)
  exec {READ_END}<"/dev/fd/$both" {WRITE_END}>"/dev/fd/$both" {both}>&-
  OWN_FDS+=("$READ_END" "$WRITE_END")
}

close_fd() {
  local fd=$1 other kept=()
  exec {fd}>&-
  for other in "${OWN_FDS[@]}"; do [[ $other == "$fd" ]] || kept+=("$other"); done
  OWN_FDS=("${kept[@]}")
}

# read_records ARRAY LABEL TOTAL COMMAND...: what the command prints, cut at each NUL; returns the command's status.
read_records() {
  local -n records_=$1
  local label=$2 total=$3 from
  shift 3
  make_pipe
  from=$READ_END
  spawn "$@" >&"$WRITE_END"
  close_fd "$WRITE_END"
  # shellcheck disable=SC2034  # it is the caller's array under another name
  mapfile -d '' -t -c 50 -C "progress '$label' $total" -u "$from" records_
  close_fd "$from"
  reap
}

interrupted() {
  trap '' INT TERM HUP
  warn "interrupted. Nothing half-copied shows under any name in the volume, and ./media is as it was." \
    "Run ./$ME again to complete the migration."
  exit "$1"
}

clean_up() {
  local child
  trap '' INT TERM HUP ERR
  end_progress
  # KILL: they hold nothing that wants saving, and what they started in the container ends with their pipe.
  for child in "${CHILDREN[@]}"; do kill -KILL "$child" 2>/dev/null || :; done
  for child in "${CHILDREN[@]}"; do wait "$child" 2>/dev/null || :; done
  CHILDREN=()
  if [[ $STAGED == yes ]] && ! remove_staging 2>/dev/null; then
    warn "the hidden folder $MEDIA_ROOT/$STAGING could not be removed now; the next run removes it."
  fi
}

unexpected() {
  ((BASH_SUBSHELL)) || warn "stopped by an unexpected failure in line $1. Nothing half-copied shows in the volume."
}

# --- What runs in the container (and, where it says so, here too): POSIX sh ---------------------------------

# here sh -c SCRIPT and in_container SCRIPT take the same scripts; $1 is the folder to work in.
define() { IFS= read -r -d '' "$1" || :; }

# Prints the tools that are missing or are not GNU's.
define PROBE <<'SH'
  missing=
  for tool in tar find xargs sha256sum mv rm mkdir rmdir; do
    command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
  done
  if [ -z "$missing" ]; then
    case $(tar --version 2>/dev/null) in *GNU*) ;; *) missing="$missing GNU-tar" ;; esac
    find / -maxdepth 0 -printf "" 2>/dev/null || missing="$missing GNU-find"
    sha256sum -z /dev/null >/dev/null 2>&1 || missing="$missing GNU-sha256sum"
  fi
SH

# Every entry of a tree as type, link target, path and what changes with it; parents first. Our own name at its top
# is not gone into.
define LISTING <<'SH'
  cd -- "$1" && exec find . -mindepth 1 -path "./$2" -prune -printf 'reserved\0\0%p\0\0' -o \
    -printf '%y\0%l\0%p\0%s %T@ %C@\0'
SH

# "SHA-256  path" of each path on standard input.
define HASHES <<'SH'
  cd -- "$1" && exec xargs -0 -r sha256sum -z --
SH

# After PROBE. First who we are, if we may write, and what holds our hidden name. Then, for the paths on standard
# input, type, link target and path, with "r" for a folder that can't be written; absent paths are passed over.
define SURVEY <<'SH'
  [ -z "$missing" ] || { printf '%s\0' "$missing"; exit 11; }
  cd -- "$1" 2>/dev/null || exit 12
  writable=no staging=none
  if [ -w . ]; then writable=yes; fi
  if [ -e "$2" ] || [ -L "$2" ]; then
    staging=ours
    if [ -L "$2" ] || [ ! -d "$2" ] ||
      [ -n "$(find "$2" -mindepth 1 -maxdepth 1 ! -name 'tree.*' ! -name 'trash.*')" ]; then staging=foreign; fi
  fi
  printf '%s\0' "$(id -u) $writable $staging"
  xargs -0 -r sh -c 'find "$@" -maxdepth 0 "(" -type d ! -writable -printf "r\0" -o -printf "%y\0" ")" \
    -printf "%l\0%p\0" 2>/dev/null || :' sh
SH

# remove_trees STAGING TREE...: the trees, and the staging folder if nobody else has one in it. A tree is renamed
# before it is removed: should a killed run's mover still be at work, its paths lead nowhere from that moment. An
# unpacking tar may add files until it notices that its pipe has ended, hence more than one attempt.
define REMOVE <<'SH'
  remove_trees() {
    staging=$1
    shift
    for tree do
      trash=$staging/trash.${tree##*.}
      [ "$tree" = "$trash" ] || mv -T -- "$tree" "$trash" 2>/dev/null || :
      attempts=100
      until rm -rf -- "$trash" 2>/dev/null; do
        attempts=$((attempts - 1))
        if [ "$attempts" = 0 ]; then rm -rf -- "$trash"; return; fi
      done
    done
    rmdir -- "$staging" 2>/dev/null || :
  }
SH

# After REMOVE.
define CLEAR <<'SH'
  cd -- "$1" && remove_trees "$2" "$2"/tree.* "$2"/trash.*
SH

# After REMOVE. Unpacks standard input; what can't be unpacked whole is removed at once. $3 is the run's own tree.
define UNPACK <<'SH'
  cd -- "$1" && mkdir -p -m 700 -- "$2" && mkdir -- "$3" || exit
  # Owner: whoever we are here. Modes and times: the archive's, whatever the umask.
  tar -x -f - -C "$3" --preserve-permissions --no-same-owner --delay-directory-restore --warning=no-timestamp && exit
  # tar may only say that a write came out short.
  df -Ph . >&2 || :
  remove_trees "$2" "$3"
  exit 1
SH

# After REMOVE. Moves everything to its name by rename, which is all or nothing: a folder that isn't there yet as a
# whole (so it keeps the times of the host's), the rest one by one. `mv -n` refuses, in the kernel, a name that was
# taken since. What could not be moved is printed. $3 is the run's tree, $4 says whether files may be replaced. The
# data reaches the disk before its name does, the names before we report them.
define PLACE <<'SH'
  cd -- "$1" || exit
  tree=$3
  sync -f . 2>/dev/null || :
  find "$tree" -type d -print0 | xargs -0 sh -c '
    tree=$1 overwrite=$2
    shift 2
    for from do
      into=.${from#"$tree"}
      if [ ! -d "$from" ] || [ ! -d "$into" ] || [ -L "$into" ]; then continue; fi
      find "$from" -mindepth 1 -maxdepth 1 -exec mv -n -t "$into" -- {} + || :
      [ "$overwrite" = no ] || find "$from" -mindepth 1 -maxdepth 1 ! -type d -exec mv -f -t "$into" -- {} + || :
    done
  ' sh "$tree" "$4" || :
  find "$tree" -mindepth 1 -printf './%P\0'
  remove_trees "$2" "$tree" || exit
  sync -f . 2>/dev/null || :
SH
readonly PROBE LISTING HASHES SURVEY REMOVE CLEAR UNPACK PLACE

# in_container SCRIPT [ARGUMENT...]: the command that runs it as the service's own user, in COMMAND.
in_container() {
  COMMAND=(docker exec -i -e LC_ALL=C "$CONTAINER" sh -c "$1" "$ME" "$MEDIA_ROOT" "${@:2}")
}

remove_staging() {
  in_container "$REMOVE$CLEAR" "$STAGING"
  spawn "${COMMAND[@]}" </dev/null
  reap || return
  STAGED=no
}

# --- Checks before the start ----------------------------------------------------------------------------------

parse_options() {
  local option
  for option in "$@"; do
    case $option in
      --dry-run) DRY_RUN=yes ;;
      --overwrite) OVERWRITE=yes ;;
      --help | -h) usage; exit 0 ;;
      *)
        warn "unknown option: $(quoted "$option")" "Try: ./$ME --help"
        exit 2
        ;;
    esac
  done
}

need_docker() {
  local said
  command -v docker >/dev/null || die "docker was not found on PATH." "Install Docker, or add its folder to PATH."
  if command -v docker-compose >/dev/null; then
    COMPOSE=(docker-compose)
  elif docker compose version >/dev/null 2>&1; then
    COMPOSE=(docker compose)
  else
    die "Docker Compose was not found: neither 'docker-compose' on PATH nor 'docker compose' works." \
      "Install Docker Compose."
  fi
  said=$(docker version --format '{{.Server.Version}}' 2>&1) ||
    die "the Docker engine does not answer. docker says:" "  ${said#$'\n'}" \
      "Start Docker, or run this as a user who may use it (sudo)."
}

need_source() {
  local name
  name=$(quoted "$SOURCE")
  [[ -d $SOURCE ]] ||
    die "there is no folder $name here ($(quoted "$PWD")) to migrate." \
      "Run this in the deployment's directory, or name the old media's folder with SOURCE=..."
  [[ -r $SOURCE && -x $SOURCE ]] || die "the folder $name can't be read by this user." "Run this with sudo."
  # Absolute, so that no name reads as an option; its physical path, in case it is a link.
  SOURCE=$(cd -- "$SOURCE" && pwd -P && printf .)
  SOURCE=${SOURCE%$'\n'.}
}

need_tools_here() {
  local missing
  missing=$(sh -c "$PROBE"'echo "$missing"')
  command -v flock >/dev/null || missing+=" flock"
  [[ -z $missing ]] || die "missing on this host:$missing." "Install them and run this again."
}

# One run at a time. The lock is on the source folder itself, leaves nothing behind and ends with this process.
take_lock() {
  local status=0
  exec {LOCK}<"$SOURCE"
  OWN_FDS+=("$LOCK")
  flock --nonblock --conflict-exit-code 75 "$LOCK" || status=$?
  ((status != 75)) || die "another run of $ME is in progress on $(quoted "$SOURCE")." "Wait until it has ended."
  ((status == 0)) || die "$(quoted "$SOURCE") could not be locked." "See flock's message above."
}

state_of() {
  docker container inspect --format '{{.State.Status}}' "$1" 2>/dev/null || echo gone
}

is_running() { [[ $(state_of "$CONTAINER") == running ]]; }

# The container is found by its Compose labels, never by a part of its name.
find_container() {
  local ids id state='' verb='up -d'
  ids=$("${COMPOSE[@]}" ps -q "$SERVICE" 2>/dev/null) ||
    die "${COMPOSE[*]} could not look up the service '$SERVICE'. It says:" \
      "$("${COMPOSE[@]}" ps -q "$SERVICE" 2>&1 >/dev/null || :)" \
      "Run this in the deployment's directory, where the compose file is, or set COMPOSE_FILE."
  for id in $ids; do
    state=$(state_of "$id")
    if [[ $state == running ]]; then
      CONTAINER=$id
      return
    fi
  done
  [[ $state != paused ]] || verb=unpause
  die "the service '$SERVICE' is not running${state:+ (its container is $state)}." \
    "Start it and run this again: ${COMPOSE[*]} $verb $SERVICE"
}

# Files copied to a folder that nothing is mounted on would be lost with the container.
check_mount() {
  local found='' type writable origin target
  while IFS=$'\t' read -r type writable target origin; do
    [[ $target != "$MEDIA_ROOT"/* ]] ||
      die "$target is a mount of its own inside $MEDIA_ROOT; files can't be moved into it in one step." \
        "Let one volume hold all media."
    [[ $target == "$MEDIA_ROOT" && $type != tmpfs ]] || continue
    [[ $type != bind || ! $origin -ef $SOURCE ]] ||
      die "$MEDIA_ROOT in '$SERVICE' is the host's $(quoted "$SOURCE") itself, not a volume." \
        "Mount a named volume there in the compose file, then run this again."
    found=$writable
  done < <(docker container inspect "$CONTAINER" --format \
    '{{range .Mounts}}{{.Type}}{{"\t"}}{{.RW}}{{"\t"}}{{.Destination}}{{"\t"}}{{.Source}}{{"\n"}}{{end}}')
  [[ -n $found ]] ||
    die "no volume is mounted at $MEDIA_ROOT in '$SERVICE': files copied there would be lost with the container." \
      "Mount the media volume there in the compose file (or set MEDIA_ROOT), and recreate the service."
  VOLUME_WRITABLE=$found
}

# --- What there is --------------------------------------------------------------------------------------------

# A link is copied if it can't lead out of the tree: relative, and "..", if any, only at its start and not above
# the top. After another name ".." could follow a second link anywhere.
stays_inside() {
  local depth=${1//[!\/]/} rest=$2/ name_seen=no part
  [[ $2 != /* ]] || return 1
  depth=$((${#depth} - 1))
  while [[ -n $rest ]]; do
    part=${rest%%/*} rest=${rest#*/}
    case $part in
      '' | .) ;;
      ..)
        depth=$((depth - 1))
        if [[ $name_seen == yes ]] || ((depth < 0)); then return 1; fi
        ;;
      *) name_seen=yes ;;
    esac
  done
}

list_source() {
  read_records "$1" listing 0 sh -c "$LISTING" "$ME" "$SOURCE" "$STAGING" </dev/null
}

scan_source() {
  local records=() i kind path why
  step "listing $(quoted "$SOURCE")"
  list_source records ||
    die "$(quoted "$SOURCE") could not be read completely (see above). Nothing was copied." "Run this with sudo."
  AT_START=${records[*]}
  for ((i = 0; i < ${#records[@]}; i += 4)); do
    kind=${records[i]} path=${records[i + 2]} why=''
    case $kind in
      f | d) ;;
      l) stays_inside "$path" "${records[i + 1]}" || why="a link that leads out of the folder" ;;
      reserved) why="the name is reserved for this script" ;;
      *) why="neither a file, a folder nor a link" ;;
    esac
    if [[ -n $why ]]; then
      LEFT_OUT+=("$path" "$why")
    else
      ENTRIES+=("$path")
      KIND[$path]=$kind LINK[$path]=${records[i + 1]}
    fi
  done
}

# hash_files MAP WHERE PATH...: fills the map with the SHA-256 of each file, by COMMAND.
hash_files() {
  local -n hashes_=$1
  local where=$2 records=() record
  shift 2
  (($#)) || return 0
  step "hashing $where" "$#"
  read_records records "hashing $where" "$#" "${COMMAND[@]}" < <(feed "$@") || return
  # shellcheck disable=SC2034  # it is the caller's map under another name
  for record in "${records[@]}"; do hashes_[${record:66}]=${record:0:64}; done
}

hash_source() {
  local path files=()
  for path in "${ENTRIES[@]}"; do [[ ${KIND[$path]} != f ]] || files+=("$path"); done
  COMMAND=(sh -c "$HASHES" "$ME" "$SOURCE")
  hash_files HASH "on the host" "${files[@]}" ||
    die "some files in $(quoted "$SOURCE") could not be read (see above). Nothing was copied." "Run this with sudo."
}

# Looks up every entry in the volume: KIND_THERE, LINK_THERE, HASH_THERE, and who we are there.
survey_volume() {
  local records=() i status=0 path files=()
  KIND_THERE=() LINK_THERE=() HASH_THERE=()
  in_container "$PROBE$SURVEY" "$STAGING"
  read_records records looking 0 "${COMMAND[@]}" < <(feed "${ENTRIES[@]}") || status=$?
  case $status in
    0) ;;
    11) die "missing in the container of '$SERVICE':${records[0]-}." "Add them to the service's image." ;;
    12) die "the service's user can't enter $MEDIA_ROOT in the container of '$SERVICE'." "See its permissions:" \
      "  ${COMPOSE[*]} exec $SERVICE ls -la $MEDIA_ROOT" ;;
    126 | 127) die "the container of '$SERVICE' could not run 'sh' (see above)." \
      "Its image needs sh, GNU tar, GNU find and GNU coreutils." ;;
    *) die "the volume could not be looked at (docker exec ended with status $status)." \
      "See if the service is still running: ${COMPOSE[*]} ps" ;;
  esac
  read -r UID_THERE ROOT_WRITABLE STAGING_THERE <<<"${records[0]}"
  for ((i = 1; i < ${#records[@]}; i += 3)); do
    path=${records[i + 2]}
    KIND_THERE[$path]=${records[i]} LINK_THERE[$path]=${records[i + 1]}
    [[ ${records[i]}${KIND[$path]} != ff ]] || files+=("$path")
  done
  in_container "$HASHES"
  hash_files HASH_THERE "in the volume" "${files[@]}" ||
    die "some files in the volume could not be read by the service's user (see above)." "$(permissions_advice)"
}

permissions_advice() {
  printf '%s\n' "Repair the permissions as the storage guide's troubleshooting says, then run this again:" \
    "  ${COMPOSE[*]} exec $SERVICE chmod -R 755 $MEDIA_ROOT" \
    "If they belong to another user, first give them to the service's (uid $UID_THERE):" \
    "  ${COMPOSE[*]} exec --user root $SERVICE chown -R $UID_THERE $MEDIA_ROOT"
}

# --- What to do -----------------------------------------------------------------------------------------------

# same PATH: the volume holds what the host holds. A folder is the same whatever its mode and time: it keeps its own.
same() {
  case ${KIND[$1]}${KIND_THERE[$1]-} in
    dd | dr) ;;
    ff) [[ ${HASH[$1]} == "${HASH_THERE[$1]-}" ]] ;;
    ll) [[ ${LINK[$1]} == "${LINK_THERE[$1]}" ]] ;;
    *) return 1 ;;
  esac
}

# Sorts what is not the same into NEW, REPLACE, KEPT and LOCKED. Below a name that is taken by something else all
# is kept too, even if that is a link to a folder which holds the same: nothing is ever written through a link.
compare() {
  local path parent there
  NEW=() REPLACE=() KEPT=() LOCKED=() WHY_KEPT=()
  for path in "${ENTRIES[@]}"; do
    parent=${path%/*} there=${KIND_THERE[$path]-}
    if [[ -n ${WHY_KEPT[$parent]-} ]]; then
      keep "$path" "its folder's name is taken"
    elif [[ -z $there ]]; then
      NEW+=("$path")
      ! in_locked_folder "$parent" || LOCKED+=("$path")
    elif same "$path"; then
      continue
    elif [[ $there != "${KIND[$path]}" ]]; then
      keep "$path" "$(kind_name "$there") there, $(kind_name "${KIND[$path]}") here"
    elif [[ $OVERWRITE == yes ]]; then
      REPLACE+=("$path")
      ! in_locked_folder "$parent" || LOCKED+=("$path")
    else
      keep "$path" "$OTHER_CONTENT"
    fi
  done
}

keep() {
  KEPT+=("$1")
  WHY_KEPT[$1]=$2
}

kind_name() {
  case $1 in
    d | r) echo "a folder" ;;
    f) echo "a file" ;;
    l) echo "a link" ;;
    *) echo "something special" ;;
  esac
}

in_locked_folder() {
  if [[ $1 == . ]]; then
    [[ $ROOT_WRITABLE == no ]]
  else
    [[ ${KIND_THERE[$1]-} == r ]]
  fi
}

check_writable() {
  ((${#LOCKED[@]})) || return 0
  [[ $VOLUME_WRITABLE == true ]] ||
    die "the media volume is mounted read-only in '$SERVICE', so that these can't be copied:" \
      "$(first_names "${LOCKED[@]}")" \
      "Mount it read-write in the compose file, recreate the service, then run this again."
  die "the service's user (uid $UID_THERE) may not write where these belong in $MEDIA_ROOT:" \
    "$(first_names "${LOCKED[@]}")" "Nothing was copied." "$(permissions_advice)"
}

print_plan() {
  ((${#NEW[@]} == 0)) || list_names 'would copy: ' "${NEW[@]}"
  ((${#REPLACE[@]} == 0)) || list_names 'would replace: ' "${REPLACE[@]}"
  echo "dry run: nothing was changed. ${#NEW[@]} to copy, ${#REPLACE[@]} to replace, ${#KEPT[@]} to keep," \
    "$((${#LEFT_OUT[@]} / 2)) to leave out."
}

# --- Copying --------------------------------------------------------------------------------------------------

remove_stale_staging() {
  case $STAGING_THERE in
    none) return 0 ;;
    ours) ;;
    *) die "$MEDIA_ROOT/$STAGING in '$SERVICE' holds something that $ME did not put there." \
      "Move it away, then run this again." ;;
  esac
  remove_staging || die "$MEDIA_ROOT/$STAGING, left by an earlier run, could not be removed (see above)." \
    "$(permissions_advice)"
}

# Streams the entries to the container. tar's own list of what it has packed, one line each, arrives on 3.
pack() {
  spawn tar --create --file=- --directory="$SOURCE" --format=posix --pax-option=delete=atime,delete=ctime \
    --mode=u+rwX --owner=0 --group=0 --numeric-owner --no-recursion --no-unquote \
    --verbose --quoting-style=escape --index-file=/dev/fd/3 --null --files-from=- < <(feed "$@")
}

copy() {
  local stream_out stream_in names_out names_in names packed=0 unpacked=0
  step copying "$#"
  make_pipe && stream_out=$READ_END stream_in=$WRITE_END
  make_pipe && names_out=$READ_END names_in=$WRITE_END
  STAGED=yes
  pack "$@" >&"$stream_in" 3>&"$names_in"
  close_fd "$stream_in"
  close_fd "$names_in"
  in_container "$REMOVE$UNPACK" "$STAGING" "$STAGING/tree.$RUN"
  spawn "${COMMAND[@]}" <&"$stream_out" >&2
  close_fd "$stream_out"
  # shellcheck disable=SC2034  # read for the progress only
  mapfile -t -c 50 -C "progress copying $#" -u "$names_out" names
  close_fd "$names_out"
  reap || packed=$?
  reap || unpacked=$?
  ((unpacked == 0)) || die "the files could not be written to the volume (see above). None was put in place." \
    "$(if is_running; then echo "Make room or repair what is named above,"; else
      echo "The service has stopped. Start it (${COMPOSE[*]} up -d $SERVICE),"; fi) then run this again."
  ((packed == 0)) || die "some files could not be read, or changed while they were read (see above)." \
    "None was put in place. Run this again when nothing writes to $(quoted "$SOURCE")."
  check_unchanged
}

# What was packed is what was hashed only if nothing was written in between.
check_unchanged() {
  local now=()
  list_source now || die "$(quoted "$SOURCE") could not be read again (see above). Nothing was put in place."
  [[ ${now[*]} == "$AT_START" ]] ||
    die "something in $(quoted "$SOURCE") changed while it was copied. Nothing was put in place." \
      "Run this again when nothing writes there."
}

place() {
  local path left=()
  step "putting in place" "$#"
  in_container "$REMOVE$PLACE" "$STAGING" "$STAGING/tree.$RUN" "$OVERWRITE"
  read_records left "putting in place" "$#" "${COMMAND[@]}" </dev/null ||
    die "the files could not all be put in place (see above). Run this again."
  STAGED=no
  for path in "${left[@]}"; do NOT_PLACED[$path]=yes; done
}

# Everything again, read back from the volume. What was kept before stays in KEPT, with what was taken meanwhile.
verify() {
  local path wrong=()
  local -A kept_before=()
  for path in "${KEPT[@]}"; do kept_before[$path]=yes; done
  survey_volume
  compare
  wrong=("${NEW[@]}" "${REPLACE[@]}")
  for path in "${KEPT[@]}"; do
    [[ -n ${kept_before[$path]-}${NOT_PLACED[$path]-} ]] || wrong+=("$path")
  done
  ((${#wrong[@]} == 0)) || die "after copying, these are not in the volume as they are on the host:" \
    "$(first_names "${wrong[@]}")" \
    "They could not be put in place (see above), or something changed them meanwhile. Run this again."
}

# --- The report -----------------------------------------------------------------------------------------------

# count PATH...: how many of them are in the volume as they are here, in FILES (links among them) and FOLDERS.
count() {
  local path
  FILES=0 FOLDERS=0
  for path in "$@"; do
    if [[ -n ${WHY_KEPT[$path]-} ]]; then
      continue
    elif [[ ${KIND[$path]} == d ]]; then
      ((++FOLDERS))
    else
      ((++FILES))
    fi
  done
}

report() {
  local i verb='' path replaceable=0
  end_progress
  [[ $DRY_RUN == no ]] || verb='would be '
  if ((${#KEPT[@]})); then
    warn "${verb}kept as the platform has it, because it holds something else under that name:"
    for path in "${KEPT[@]}"; do
      printf '  %s (%s)\n' "$(quoted "${path#./}")" "${WHY_KEPT[$path]}" >&2
      [[ ${WHY_KEPT[$path]} != "$OTHER_CONTENT" ]] || ((++replaceable))
    done
    ((replaceable == 0)) || printf '%s\n' "To replace what has other content there: ./$ME --overwrite" >&2
  fi
  if ((${#LEFT_OUT[@]})); then
    warn "${verb}left out:"
    for ((i = 0; i < ${#LEFT_OUT[@]}; i += 2)); do
      printf '  %s (%s)\n' "$(quoted "${LEFT_OUT[i]#./}")" "${LEFT_OUT[i + 1]}" >&2
    done
  fi
  ((${#KEPT[@]} + ${#LEFT_OUT[@]} == 0)) || exit 3
}

migrate() {
  local todo=("${NEW[@]}" "${REPLACE[@]}")
  remove_stale_staging
  copy "${todo[@]}"
  place "${todo[@]}"
  verify
  end_progress
  count "${todo[@]}"
  echo "copied $FILES files and $FOLDERS folders to $MEDIA_ROOT in '$SERVICE'."
  count "${ENTRIES[@]}"
  echo "read back and identical: $FILES files, $FOLDERS folders."
}

say_nothing_to_do() {
  remove_stale_staging
  end_progress
  count "${ENTRIES[@]}"
  if ((${#KEPT[@]} + ${#LEFT_OUT[@]})); then
    echo "nothing to copy: all but what is named below is already in the volume."
  else
    echo "nothing to migrate: all $FILES files are already in the volume."
  fi
}

main() {
  parse_options "$@"
  [[ $MEDIA_ROOT == / ]] || MEDIA_ROOT=${MEDIA_ROOT%/}
  need_docker
  need_source
  need_tools_here
  take_lock
  trap clean_up EXIT
  trap 'unexpected "$LINENO"' ERR
  trap 'interrupted 129' HUP
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  find_container
  check_mount
  scan_source
  hash_source
  survey_volume
  compare
  check_writable
  if [[ $DRY_RUN == yes ]]; then
    end_progress
    print_plan
  elif ((${#NEW[@]} + ${#REPLACE[@]})); then
    migrate
  else
    say_nothing_to_do
  fi
  report
}

main "$@"
