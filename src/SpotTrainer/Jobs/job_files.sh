#!/bin/sh
# Tells what a job has written from what was there before it.
#   job_files.sh note JOB CONTROL   keeps a record of each file of the data folder in CONTROL/before, when the job starts
#   job_files.sh list JOB CONTROL   prints a record of each file that is a result: what stands in the job's folder JOB, what differs in the
#                                   data folder, and the log and the status in CONTROL
# A record is "SIZE MTIME CTIME PATH" and a null byte. The size is in bytes, the times are in seconds since 1970 with all the decimals that
# find prints, and the path is relative to the data folder. No program can set the ctime, so a file that was changed and got its size and
# its time back differs as well. Of a link, the values are its own.
# CONTROL/../sent has the same records of what was sent, for every job; a file that is as it was sent is no result. The path of what was sent to
# another folder than the data folder begins with a slash, and that of a folder ends with one.
# In a list, three letters and a space stand before each record: where the path begins (j: JOB, d: the data folder, c: CONTROL), the type of
# the file if links are followed, and its own type (find -printf %Y%y). Folders stand there only if they cannot be read.
# It is sent as one line in single quotes, and so has none, and no exclamation mark, which means something to csh.
export LC_ALL=C
cd "$2" || exit
control=$3
# Without GNU find there is no record, and nothing may look like a result.
find . -maxdepth 0 -readable -printf "" || exit
record="%s %T@ %C@ %P\0"
# Follows the link that every job has, but no other one.
find_data() {
    if [ "$(readlink data)" = ../../data ] && [ -d data ]; then
        find -H data -path data/.spottrainer-incoming -prune -o -type d -readable -executable -o -printf "$1" -prune 2>/dev/null
    fi
}
if [ "$1" = note ]; then
    # A record that is missing, because the disk is full, makes its file a result, which is not lost then.
    find_data "$record" > "$control/before" || exit
else
    find . -path ./data -lname ../../data -o -type d -readable -executable -o -printf "j%Y%y $record" -prune 2>/dev/null
    if [ -e "$control/before" ]; then
        {
            cat "$control/before" "$control/../sent" 2>/dev/null | sed -z "s/^/--- /"
            find_data "d%Y%y $record"
        } | sort -z -k 2 | uniq -zu -s 4 | sed -z "/^---/d"
    fi
    find "$control" -maxdepth 1 -type f \( -name log.txt -o -name status.json \) -printf "cff $record"
fi
