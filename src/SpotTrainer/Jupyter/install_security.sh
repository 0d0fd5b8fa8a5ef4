#!/bin/sh
# Functions that put files into Jupyter's folder, before the lines that call them. No content is an argument of a process: these functions
# and printf belong to the shell.
#   put NAME CONTENT     writes a file, from base64, under the name NAME.new. Nobody else can read it.
#   take NAME...         gives the files their names, in that order, and keeps an older NAME.json as NAME.json.old
#   drop NAME            sets aside a file that no longer holds, as NAME.old
set -eu
umask 077
folder=$HOME/spottrainer/jupyter
mkdir -p "$folder"
chmod 700 "$folder"
put() {
    printf %s "$2" | base64 -d > "$folder/$1.new"
}
take() {
    for name do
        case $name in
            *.json) [ ! -e "$folder/$name" ] || cmp -s "$folder/$name" "$folder/$name.new" || cp -p "$folder/$name" "$folder/$name.old" ;;
        esac
        mv "$folder/$name.new" "$folder/$name"
    done
}
drop() {
    [ ! -e "$folder/$1" ] || mv "$folder/$1" "$folder/$1.old"
}
