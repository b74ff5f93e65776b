#!/usr/bin/env bash
# download.sh [SET...|all]: fetches the sets named in datasets.tsv into PURGE_DATA_DIR, or else PathMNIST; goes on where it
# stopped, checks and unpacks. What is there is left as it is.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

table=${PURGE_DATASETS:-$root/scripts/datasets.tsv}
export PURGE_DATA_DIR=${PURGE_DATA_DIR:-$downloads}

rows() { tail -n +2 "$table"; }

known() { rows | cut -f 1 | uniq; }

has_md5() {
  [ -e "$1" ] || return 1
  if have md5sum; then md5sum <"$1"; else md5 -q "$1"; fi | grep -q "^$2"
}

# fetch FILE MD5 MEGABYTES ADDRESS
fetch() {
  local file=$PURGE_DATA_DIR/$1 md5=$2 megabytes=$3 address=$4
  if [ -e "$file" ]; then return; fi
  mkdir -p "$(dirname "$file")"
  if ! has_md5 "$file.part" "$md5"; then
    say "downloading $file ($megabytes MB)"
    curl --fail --location --continue-at - --retry 2 --progress-bar --output "$file.part" "$address" ||
      die "could not download $address: run this again to go on where it stopped, or put the file in $(dirname "$file")"
    if ! has_md5 "$file.part" "$md5"; then
      rm "$file.part"
      die "$address came with another md5 than $md5 and was removed: run this again"
    fi
  fi
  mv "$file.part" "$file"
}

# unpack ARCHIVE PATTERN: the archive's files that match, without its folders.
unpack() {
  local archive=$PURGE_DATA_DIR/$1 pattern=$2 folder
  folder=$(dirname "$archive")
  if [ -e "$folder/.unpacked" ]; then return; fi
  say "unpacking $archive"
  rm -rf "$folder/unpacking"
  mkdir "$folder/unpacking"
  tar -xzf "$archive" -C "$folder/unpacking"
  find "$folder/unpacking" -type f -path "*/$pattern" -exec mv {} "$folder" \;
  rm -rf "$folder/unpacking"
  touch "$folder/.unpacked"
}

sets=$*
if [ -z "$sets" ] && [ -z "$(find_pathmnist)" ]; then sets=pathmnist; fi
if [ "$sets" = all ]; then sets=$(known); fi
for set in $sets; do
  known | grep -qx "$set" || die "$set is none of the sets in $table: $(known | tr '\n' ' ')"
  while IFS=$'\t' read -r _ megabytes file md5 pattern address; do
    fetch "$file" "$md5" "$megabytes" "$address"
    if [ "$pattern" != - ]; then unpack "$file" "$pattern"; fi
  done < <(rows | grep "^$set	")
done
