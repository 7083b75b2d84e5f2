select lock_erasure_list()
