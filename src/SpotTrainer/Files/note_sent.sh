#!/bin/sh
# Notes what was put into the current folder: no job takes it for its own results, and -Mirror deletes nothing else. job_files.sh documents
# the records. Standard input has the paths, each with a null; those of folders end with a slash.
# It stands before other scripts, as one line in single quotes, and so has none, and no exclamation mark.
note_sent() {
    below=$(cd -P -- "$HOME/spottrainer/data" 2>/dev/null && pwd)
    inside=$PWD
    case $PWD/ in
        "${below:-/dev/null}"/*) inside=${PWD#"$below"} && inside=${inside#/} ;;
    esac
    inside=$(printf "%s" "${inside:+${inside%/}/}" | sed "s/[&|\\\\]/\\\\&/g")
    mkdir -p "$HOME/spottrainer/control"
    # Transfers at the same time must not write into each other's records.
    exec 8>> "$HOME/spottrainer/control/sent"
    flock 8
    sed -z "s|^|./|" | xargs -0 -r sh -c "find \"\$@\" -maxdepth 0 -printf \"%s %T@ %C@ %p\\0\"" sh |
        sed -z "s|^\([^ ]* [^ ]* [^ ]* \)\./|\1$inside|" >&8
    exec 8>&-
}
